// What the user has open, ticked, focused and typed into the filter. Clusters and nodes start open.
import { create } from 'zustand';
import type { GuestRow } from '../bindings/GuestRow';
import { type FleetPicture, type GuestKey, guestsBelow } from '../live/fleet';
import { useLive } from '../live/store';
import { START, type TreeState } from './keys';
import { match, type Matches } from './rows';

interface View extends TreeState {
  filter: string;
  /** Rows that were opened once by themselves, and may be closed by the user since. */
  seen: ReadonlySet<string>;
  /** Counts up whenever the focused row must get the page's focus. */
  summons: number;
}

export const useTreeView = create<View>(() => ({ ...START, filter: '', seen: new Set(), summons: 0 }));

let calls = 0;
let answered = 0;

/** Gives the page's focus to the focused row. */
export function summon(): void {
  calls += 1;
  useTreeView.setState({ summons: calls });
}

/** Whether this call is new. Each is answered once: a row must not take the focus from a field because it moved. */
export function answer(call: number): boolean {
  if (call <= answered) return false;
  answered = call;
  return true;
}

/** Clusters and nodes that have not been seen yet start open. */
export function openNewcomers(fleet: FleetPicture): void {
  const { seen, open } = useTreeView.getState();
  const parents = [...fleet.shape.clusters, ...[...fleet.shape.nodes.values()].flat()];
  const fresh = parents.filter((key) => !seen.has(key));
  if (fresh.length > 0) useTreeView.setState({ seen: new Set([...seen, ...fresh]), open: new Set([...open, ...fresh]) });
}

let last: { fleet: FleetPicture['shape'] | null; guests: unknown; text: string; matches: Matches | null } = {
  fleet: null, guests: null, text: '', matches: null,
};

/** What the filter lets through now; null without a filter. Computed once for a picture and a text. */
export function matchesNow(fleet: FleetPicture, text: string): Matches | null {
  if (last.fleet !== fleet.shape || last.guests !== fleet.guests || last.text !== text) {
    const matches = match(fleet, text);
    // The same rows give the same object, so that nothing is drawn again because a load changed.
    const kept = matches !== null && last.matches !== null && last.text === text && sameKeys(matches.shown, last.matches.shown);
    last = { fleet: fleet.shape, guests: fleet.guests, text, matches: kept ? last.matches : matches };
  }
  return last.matches;
}

function sameKeys(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  if (a.size !== b.size) return false;
  for (const key of a) if (!b.has(key)) return false;
  return true;
}

/** Guests below a row that the filter shows. */
export function shownBelow(key: string): GuestKey[] {
  const { fleet } = useLive.getState();
  const matches = matchesNow(fleet, useTreeView.getState().filter);
  const all = guestsBelow(fleet, key);
  return matches === null ? all : all.filter((guest) => matches.shown.has(guest));
}

/** All guests that the filter shows, in the order of the tree. */
export function shownGuests(): GuestRow[] {
  const { fleet } = useLive.getState();
  const keys = fleet.shape.clusters.flatMap((cluster) => shownBelow(cluster));
  return keys.flatMap((key) => fleet.guests.get(key) ?? []);
}
