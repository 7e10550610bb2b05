// Where the context menu stands and what it is about.
import { create } from 'zustand';
import { type Scope, scopeNow } from './scope';

export interface MenuPlace {
  x: number;
  y: number;
  scope: Scope;
}

export const useMenu = create<{ place: MenuPlace | null }>(() => ({ place: null }));

export function openMenu(at: { x: number; y: number }, about: Scope | null = scopeNow()): void {
  if (about !== null) useMenu.setState({ place: { ...at, scope: about } });
}

export function closeMenu(): void {
  useMenu.setState({ place: null });
}
