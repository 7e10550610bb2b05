// Whether an action can be done to several guests, from the reasons of each.
import type { GuestRow } from '../bindings/GuestRow';
import { words } from '../words/en';
import type { Reason } from './able';

const text = words.actions;

/** Whether it can be done to a scope; `note` and `why` are the second line of the menu item. */
export type Verdict = { able: true; note: string | null } | { able: false; why: string };

export const ABLE: Verdict = { able: true, note: null };

export function verdict({ guests }: { guests: readonly GuestRow[] }, reason: (guest: GuestRow) => Reason, can: string): Verdict {
  const reasons = guests.map(reason);
  const able = reasons.filter((why) => why === null).length;
  if (able === guests.length && able > 0) return ABLE;
  if (able > 0) return { able: true, note: text.some(able, reasons.length, can) };
  const [first] = reasons;
  if (first === undefined || first === null) return { able: false, why: text.why.none };
  return { able: false, why: reasons.every((why) => why === first) ? first : text.noneOf(reasons.length, can) };
}
