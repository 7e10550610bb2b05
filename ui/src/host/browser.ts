// The same commands over HTTP and a WebSocket, for a browser.
import type { Event } from '../bindings/Event';
import { type Answer, type Command, CommandError, type Host, type Request } from './types';
import { trouble } from '../words/trouble';

const REMEMBERED = 'redflag-token';

/** Takes the token out of the address, so that it is not seen or shared, and remembers it for this tab. */
export function takeToken(location: Location, history: History, memory: Storage): string {
  const given = new URLSearchParams(location.hash.replace(/^#/, '')).get('token');
  if (given !== null) {
    memory.setItem(REMEMBERED, given);
    history.replaceState(null, '', location.pathname + location.search);
    return given;
  }
  return memory.getItem(REMEMBERED) ?? '';
}

export class BrowserHost implements Host {
  readonly #base: string;
  readonly #token: string;

  constructor(base: string, token: string) {
    this.#base = base;
    this.#token = token;
  }

  async rpc<C extends Command>(command: C, request: Request<C>): Promise<Answer<C>> {
    let response: Response;
    try {
      response = await fetch(`${this.#base}/rpc/${command}`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${this.#token}` },
        body: JSON.stringify(request),
      });
    } catch (thrown) {
      throw notAnswering(thrown instanceof Error ? thrown.message : null);
    }
    const text = await response.text();
    const body = parsed(text);
    if (response.ok) return body as Answer<C>;
    if (body !== null && typeof body === 'object') throw CommandError.from(body);
    throw notAnswering(`${response.status} ${text}`.trim());
  }

  subscribe(onEvent: (event: Event) => void, onLink: (up: boolean) => void): () => void {
    let ended = false;
    let pause = 250;
    let socket: WebSocket | null = null;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const open = () => {
      const address = new URL(`${this.#base}/events`, window.location.href);
      address.protocol = address.protocol === 'https:' ? 'wss:' : 'ws:';
      address.searchParams.set('token', this.#token);
      socket = new WebSocket(address);
      socket.addEventListener('open', () => {
        pause = 250;
        onLink(true);
      });
      socket.addEventListener('message', (message) => onEvent(JSON.parse(String(message.data)) as Event));
      socket.addEventListener('close', () => {
        if (ended) return;
        onLink(false);
        timer = setTimeout(open, pause);
        pause = Math.min(pause * 2, 8000);
      });
    };
    open();
    return () => {
      ended = true;
      clearTimeout(timer);
      socket?.close();
    };
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function notAnswering(words: string | null): CommandError {
  return new CommandError({
    code: 'unreachable',
    message: trouble.silent,
    words,
    next: trouble.silentNext,
  });
}
