// Which LXCs stand below a row, as far as the filter shows them.
import type { GuestRow } from '../bindings/GuestRow';
import { type GuestKey, guestsBelow } from '../live/fleet';
import { useLive } from '../live/store';
import { bare, groupKeyOf } from './bare';
import { membersOf } from './grouped';
import { matchesNow, useTreeView } from './view';

export function shownBelow(key: string): GuestKey[] {
  if (groupKeyOf(key) === key) return membersOf(key);
  const { fleet } = useLive.getState();
  const matches = matchesNow(fleet, useTreeView.getState().filter);
  const all = guestsBelow(fleet, bare(key));
  return matches === null ? all : all.filter((guest) => matches.shown.has(guest));
}

/** All LXCs that the filter shows, in the order of the tree. */
export function shownGuests(): GuestRow[] {
  const { fleet } = useLive.getState();
  const keys = fleet.shape.clusters.flatMap((cluster) => shownBelow(cluster));
  return keys.flatMap((key) => fleet.guests.get(key) ?? []);
}
