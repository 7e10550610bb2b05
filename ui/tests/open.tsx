// Opens the whole window over a host in memory.
import { act, render, screen, waitFor } from '@testing-library/react';
import userEvent, { type UserEvent } from '@testing-library/user-event';
import { App } from '../src/app/App';
import { install } from '../src/host';
import { MemoryHost } from './host';

export interface Opened {
  host: MemoryHost;
  user: UserEvent;
}

export async function open(prepare: (host: MemoryHost) => void = () => undefined): Promise<Opened> {
  const host = new MemoryHost();
  prepare(host);
  install(host);
  const user = userEvent.setup();
  render(<App />);
  await screen.findByTestId('add-cluster');
  if (screen.queryByTestId('tree') !== null) await waitFor(() => row('pve1'));
  return { host, user };
}

/** Lets a frame pass, so that events which came are shown. */
export async function frame(): Promise<void> {
  await act(() => new Promise<void>((done) => requestAnimationFrame(() => done())));
}

export const row = (name: string): HTMLElement => {
  const found = document.querySelector<HTMLElement>(`[data-name="${name}"]`);
  if (found === null) throw new Error(`no row ${name}`);
  return found;
};
