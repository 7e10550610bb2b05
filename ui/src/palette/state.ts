// Whether the palette or the list of keys is open, and which commands were used before.
import { create } from 'zustand';

const REMEMBERED = 8;

export const usePalette = create<{ open: 'commands' | 'shortcuts' | null; recent: readonly string[] }>(() => ({ open: null, recent: [] }));

export const openPalette = (): void => usePalette.setState({ open: 'commands' });
export const openShortcuts = (): void => usePalette.setState({ open: 'shortcuts' });
export const closePalette = (): void => usePalette.setState({ open: null });

/** Newest first. */
export function remember(id: string): void {
  usePalette.setState(({ recent }) => ({ recent: [id, ...recent.filter((one) => one !== id)].slice(0, REMEMBERED) }));
}
