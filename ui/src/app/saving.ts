// Saved filters: which dialog about one is open, and what is done to the list of them.
import { create } from 'zustand';
import type { SavedView } from '../bindings/SavedView';
import { CommandError } from '../host';
import { prefer, usePreferences } from '../live/preferences';
import { useTreeView } from '../tree/view';
import { words } from '../words/en';
import { fail, tell } from './notices';
import { go } from './place';

const text = words.tree.saved;
/** As Rust has it. */
export const MOST = 50;
export const LONGEST = 200;

export type Saving = { task: 'save'; filter: string } | { task: 'rename'; view: SavedView };

export const useSaving = create<{ current: Saving | null }>(() => ({ current: null }));

export const openSaving = (filter: string): void => useSaving.setState({ current: { task: 'save', filter: filter.trim() } });
export const openRenaming = (view: SavedView): void => useSaving.setState({ current: { task: 'rename', view } });
export const closeSaving = (): void => useSaving.setState({ current: null });

/** One of the same name is replaced where it stands. */
export function saveView(name: string, filter: string): void {
  void prefer(({ views, grouping }) => {
    const view: SavedView = { name, filter, grouping };
    return { views: views.some((one) => one.name === name) ? views.map((one) => (one.name === name ? view : one)) : [...views, view] };
  });
  tell(text.done(name));
}

export function renameView(old: string, name: string): void {
  void prefer(({ views }) => ({ views: views.map((one) => (one.name === old ? { ...one, name } : one)) }));
}

export function removeView(name: string): void {
  const { views } = usePreferences.getState();
  const at = views.findIndex((one) => one.name === name);
  const removed = views[at];
  if (removed === undefined) return;
  void prefer(({ views }) => ({ views: views.filter((one) => one.name !== name) }));
  tell(text.removed(name), { label: words.undo, run: () => restoreView(removed, at) });
}

/** Where it stood. One that has taken its name, or the last free place, meanwhile stays. */
function restoreView(removed: SavedView, at: number): void {
  const { views } = usePreferences.getState();
  if (views.length >= MOST || views.some((one) => one.name === removed.name)) {
    fail(new CommandError({ code: 'conflict', message: text.cannotRestore(removed.name), words: null, next: null }));
    return;
  }
  void prefer(({ views }) => ({ views: views.toSpliced(at, 0, removed) }));
  // The button that was pressed is gone with its notice.
  requestAnimationFrame(() => document.querySelector<HTMLElement>(`[data-testid="${CSS.escape(`saved-${removed.name}`)}"]`)?.focus());
}

export function moveView(name: string, by: -1 | 1): void {
  void prefer(({ views }) => {
    const from = views.findIndex((one) => one.name === name);
    const moved = views[from];
    if (moved === undefined || views[from + by] === undefined) return {};
    const rest = views.filter((one) => one !== moved);
    return { views: [...rest.slice(0, from + by), moved, ...rest.slice(from + by)] };
  });
}

export function applyView({ filter, grouping }: SavedView): void {
  useTreeView.setState({ filter });
  if (usePreferences.getState().grouping !== grouping) void prefer(() => ({ grouping }));
  go({ view: 'fleet' });
}
