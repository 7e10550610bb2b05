// Keys that work everywhere: those of the commands, next region, the menu; and the Ctrl keys of actions on rows.
import type { Command } from '../actions/command';
import { chordAction } from '../actions/letters';
import { WINDOW_COMMANDS } from '../actions/window';
import { usePreferences } from '../live/preferences';
import { openShortcuts } from '../palette/state';
import { summon } from '../tree/view';
import { chordOf } from './chord';
import { focusFilter } from './filter';
import { usePlace } from './place';

export { FILTER_ID, focusFilter } from './filter';

/** The button that opens the menu of the window. */
export const MENU_ID = 'main-menu';

function inText(target: EventTarget | null): boolean {
  return target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement;
}

/** The regions in the order in which F6 visits them. */
function regions(): HTMLElement[] {
  const order = ['top', 'side', 'tree', 'main', 'panel', 'drawer', 'notices'];
  return order.flatMap((name) => document.querySelector<HTMLElement>(`[data-region="${name}"]`) ?? []);
}

function nextRegion(back: boolean): void {
  const all = regions();
  const at = all.findIndex((region) => region.contains(document.activeElement));
  const next = all[(at + (back ? -1 : 1) + all.length) % all.length];
  if (next === undefined) return;
  if (next.dataset['region'] === 'tree') summon();
  else next.querySelector<HTMLElement>('input, button:not([disabled]), a[href], [tabindex="0"]')?.focus();
}

const focusMenu = (): void => document.getElementById(MENU_ID)?.focus();
const inFleet = (): boolean => usePlace.getState().place.view === 'fleet';

/** These have their own place in the tree or in a list; the window must not take them from there. */
const ELSEWHERE: ReadonlySet<string> = new Set(['select-all', 'clear-selection']);

function pressed(chord: string, event: KeyboardEvent): boolean {
  if (chord === 'F6' || chord === 'Shift F6') nextRegion(event.shiftKey);
  else if (chord === 'F10') focusMenu();
  else if (chord === '/' || chord === '?') {
    // Characters alone are left to those who type, and to those who switched them off.
    if (inText(event.target) || !usePreferences.getState().look.letters) return false;
    if (chord === '?') openShortcuts();
    else if (inFleet()) focusFilter();
    else return false;
  } else return run(WINDOW_COMMANDS.find((one) => one.keys === chord && !ELSEWHERE.has(one.id)));
  return true;
}

function run(found: Command | undefined): boolean {
  if (found === undefined) return false;
  if (found.when().able) found.run();
  return true;
}

/** Alt alone, as in other programs, leads to the menu. */
function altAlone(): { down: (event: KeyboardEvent) => void; up: (event: KeyboardEvent) => void } {
  let alone = false;
  return {
    down: (event) => {
      alone = event.key === 'Alt' && !event.ctrlKey && !event.shiftKey && !event.metaKey;
    },
    up: (event) => {
      if (alone && event.key === 'Alt' && !covered()) {
        event.preventDefault();
        focusMenu();
      }
      alone = false;
    },
  };
}

const covered = (): boolean => document.querySelector('[role="dialog"], [role="menu"]') !== null;

export function globalKeys(): () => void {
  const onKey = (event: KeyboardEvent) => {
    const chord = chordOf(event);
    if (chord === null || event.defaultPrevented || covered()) return;
    if (pressed(chord, event)) event.preventDefault();
  };
  // Before the tree, which takes Ctrl A with Shift as well.
  const onRowKey = (event: KeyboardEvent) => {
    const chord = chordOf(event);
    if (chord === null || !chord.startsWith('Ctrl ') || covered() || !inFleet() || !chordAction(chord)) return;
    event.preventDefault();
    event.stopPropagation();
  };
  const alt = altAlone();
  const lost = () => alt.down(new KeyboardEvent('keydown'));
  document.addEventListener('keydown', onRowKey, true);
  document.addEventListener('keydown', alt.down, true);
  document.addEventListener('pointerdown', lost, true);
  document.addEventListener('keyup', alt.up);
  document.addEventListener('keydown', onKey);
  return () => {
    document.removeEventListener('keydown', onRowKey, true);
    document.removeEventListener('keydown', alt.down, true);
    document.removeEventListener('pointerdown', lost, true);
    document.removeEventListener('keyup', alt.up);
    document.removeEventListener('keydown', onKey);
  };
}

/** Keys of the window that belong to no command. */
export const PLAIN_KEYS = [['F6', 'nextRegion'], ['Shift F6', 'lastRegion'], ['F10', 'menu']] as const;

