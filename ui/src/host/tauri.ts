// The desktop window: three commands of the program that shows this page.
import { Channel, invoke } from '@tauri-apps/api/core';
import type { Event } from '../bindings/Event';
import { type Answer, type Command, CommandError, type Host, type Request } from './types';

export class TauriHost implements Host {
  async rpc<C extends Command>(command: C, request: Request<C>): Promise<Answer<C>> {
    try {
      return await invoke<Answer<C>>('rpc', { command, payload: request });
    } catch (thrown) {
      throw CommandError.from(thrown);
    }
  }

  subscribe(onEvent: (event: Event) => void, onLink: (up: boolean) => void): () => void {
    let ended = false;
    const channel = new Channel<Event>();
    channel.onmessage = (event) => {
      if (!ended) onEvent(event);
    };
    const id = invoke<number>('subscribe', { channel });
    id.then(
      () => !ended && onLink(true),
      () => !ended && onLink(false),
    );
    return () => {
      ended = true;
      // A subscription that never came up has nothing to end.
      id.then((id) => invoke('unsubscribe', { id })).catch(() => undefined);
    };
  }
}
