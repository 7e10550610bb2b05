// The commands for nodes' shells that are on the screen, and what has become of each.
import { create } from 'zustand';
import type { LeftOut } from '../bindings/LeftOut';
import type { Paste } from '../bindings/Paste';
import type { PasteCommand } from '../bindings/PasteCommand';
import type { Target } from '../bindings/Target';
import { CommandError, rpc } from '../host';

export type PasteState =
  | { phase: 'making'; targets: Target[] }
  | { phase: 'ready'; targets: Target[]; commands: PasteCommand[]; leftOut: LeftOut[] }
  | { phase: 'failed'; targets: Target[]; problem: CommandError };

export const usePaste = create<{ current: PasteState | null }>(() => ({ current: null }));
let newest = 0;

export async function openPaste(targets: Target[]): Promise<void> {
  newest += 1;
  const mine = newest;
  usePaste.setState({ current: { phase: 'making', targets } });
  try {
    const made = await rpc('make_pastes', { targets });
    if (mine === newest) usePaste.setState({ current: { phase: 'ready', targets, ...made } });
  } catch (thrown) {
    if (mine === newest) usePaste.setState({ current: { phase: 'failed', targets, problem: CommandError.from(thrown) } });
  }
}

/** The commands stay good until their hour is over. */
export function closePaste(): void {
  newest += 1;
  usePaste.setState({ current: null });
}

/** News of commands; those of others are not shown. */
export function pasteNews(news: readonly Paste[]): void {
  usePaste.setState(({ current }) => {
    if (current?.phase !== 'ready') return {};
    const commands = current.commands.map((command) => {
      const paste = news.find(({ id }) => id === command.paste.id);
      return paste === undefined ? command : { ...command, paste };
    });
    return { current: { ...current, commands } };
  });
}

/** Events may have been missed. A failure is the feed's to tell, which reads the picture at the same moment. */
export function readPastes(): void {
  if (usePaste.getState().current?.phase !== 'ready') return;
  rpc('pastes', {}).then(({ pastes }) => pasteNews(pastes), () => undefined);
}
