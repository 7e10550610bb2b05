// The one host of this page. Chosen once at the start; tests put their own in place.
import { BrowserHost, takeToken } from './browser';
import type { Answer, Command, Host, Request } from './types';

export { CommandError } from './types';
export type { Answer, Command, Host, Request } from './types';

let current: Host | null = null;

export function install(host: Host): void {
  current = host;
}

export function host(): Host {
  if (current === null) throw new Error('no host has been installed');
  return current;
}

export function rpc<C extends Command>(command: C, request: Request<C>): Promise<Answer<C>> {
  return host().rpc(command, request);
}

/** The window's own host inside the desktop program, else the one of the development server. */
export async function detect(): Promise<Host> {
  if ('__TAURI_INTERNALS__' in window) {
    const { TauriHost } = await import('./tauri');
    return new TauriHost();
  }
  return new BrowserHost('', takeToken(window.location, window.history, window.sessionStorage));
}
