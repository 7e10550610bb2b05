// Something that is done without a row: to the whole fleet, or to the window. The palette, the menus, the top bar and the keys read the same lists.
import type { LucideIcon } from 'lucide-react';
import type { Verdict } from './verdict';

export interface Command {
  id: string;
  icon: LucideIcon;
  /** As they are shown; the keys of the window compare with them. */
  keys: string | null;
  label(): string;
  /** In a menu under a heading that says the rest. */
  short?(): string;
  when(): Verdict;
  /** Of something that is on or off, or of one of several. */
  on?(): boolean;
  run(): void;
}

export function command(list: readonly Command[], id: string): Command {
  const found = list.find((one) => one.id === id);
  if (found === undefined) throw new Error(`there is no command ${id}`);
  return found;
}
