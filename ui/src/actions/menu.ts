// Where the menu stands and what is in it: the actions on rows of the tree, or entries of another list.
import type { LucideIcon } from 'lucide-react';
import { create } from 'zustand';
import { fail } from '../app/notices';
import { type Scope, scopeNow } from './scope';
import type { Verdict } from './verdict';

/** One line of a menu. What cannot be done stays in it and says why. */
export interface Entry {
  id: string;
  icon: LucideIcon;
  label: string;
  keys: string | null;
  /** A rule is drawn between groups. */
  group: number;
  verdict: Verdict;
  run: () => void;
}

export interface Point {
  x: number;
  y: number;
}

export type MenuPlace = Point & ({ scope: Scope } | { head: string; entries: readonly Entry[]; back: Back });

/** What gets the focus when the menu is gone: an element, or the row of the tree that has it. */
type Back = HTMLElement | 'tree' | null;

export const useMenu = create<{ place: MenuPlace | null }>(() => ({ place: null }));
/** Counts the menus that were opened. */
let opened = 0;

export function openMenu({ x, y }: Point, about: Scope | null = scopeNow()): void {
  if (about === null) return;
  opened += 1;
  useMenu.setState({ place: { x, y, scope: about } });
}

export function openEntries({ x, y }: Point, head: string, entries: readonly Entry[], back: Back): void {
  opened += 1;
  useMenu.setState({ place: { x, y, head, entries, back } });
}

/** A second list where the menu of a row stood, as soon as what it says has been read. */
export async function openSecond(at: Point, head: string, read: () => Promise<readonly Entry[]>): Promise<void> {
  const before = opened;
  try {
    const entries = await read();
    // Who has opened another menu meanwhile does not want this one any more.
    if (opened === before) openEntries(at, head, entries, 'tree');
  } catch (thrown) {
    fail(thrown);
  }
}

export function closeMenu(): void {
  useMenu.setState({ place: null });
}
