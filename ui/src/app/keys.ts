// Keys that work everywhere: views, drawer, filter, next region.
import { summon } from '../tree/view';
import { go, toggleDrawer, usePlace } from './place';

export const FILTER_ID = 'filter';

export function focusFilter(): void {
  const field = document.getElementById(FILTER_ID);
  if (field instanceof HTMLInputElement) {
    field.focus();
    field.select();
  }
}

function inText(target: EventTarget | null): boolean {
  return target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement;
}

/** The regions in the order in which F6 visits them. */
function regions(): HTMLElement[] {
  const order = ['top', 'side', 'tree', 'main', 'panel', 'drawer'];
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

export function globalKeys(): () => void {
  const onKey = (event: KeyboardEvent) => {
    if (event.defaultPrevented || document.querySelector('[role="dialog"]') !== null) return;
    const ctrl = event.ctrlKey || event.metaKey;
    if (event.key === 'F6') nextRegion(event.shiftKey);
    else if (ctrl && event.key.toLowerCase() === 'j' && usePlace.getState().place.view === 'fleet') toggleDrawer();
    else if (ctrl && event.key === '1') go({ view: 'fleet' });
    else if (ctrl && event.key === '2') go({ view: 'updates' });
    else if (ctrl && event.key === '3') go({ view: 'images' });
    else if (ctrl && event.key === '4') go({ view: 'operations' });
    else if (ctrl && event.key === '5') go({ view: 'history' });
    else if (ctrl && event.key === '6') go({ view: 'audit' });
    else if (event.key === '/' && !inText(event.target) && usePlace.getState().place.view === 'fleet') focusFilter();
    else return;
    event.preventDefault();
  };
  document.addEventListener('keydown', onKey);
  return () => document.removeEventListener('keydown', onKey);
}
