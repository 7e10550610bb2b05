// Where the menu stands and what is in it: the actions on rows of the tree, or entries of another list.
import type { LucideIcon } from 'lucide-react';
import { create } from 'zustand';
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

interface Point {
  x: number;
  y: number;
}

export type MenuPlace = Point & ({ scope: Scope } | { head: string; entries: readonly Entry[]; back: HTMLElement | null });

export const useMenu = create<{ place: MenuPlace | null }>(() => ({ place: null }));

export function openMenu({ x, y }: Point, about: Scope | null = scopeNow()): void {
  if (about !== null) useMenu.setState({ place: { x, y, scope: about } });
}

/** `back` gets the focus when the menu is gone. */
export function openEntries({ x, y }: Point, head: string, entries: readonly Entry[], back: HTMLElement | null): void {
  useMenu.setState({ place: { x, y, head, entries, back } });
}

export function closeMenu(): void {
  useMenu.setState({ place: null });
}
