// What the user has open, ticked, focused and typed into the filter. Clusters and nodes start open.
import { create } from 'zustand';
import type { FleetPicture } from '../live/fleet';
import { useLive } from '../live/store';
import { START, type TreeState } from './keys';
import { useKnown } from './known';
import { type Lists, match, type Matches } from './match';

export { shownBelow, shownGuests } from './shown';

interface View extends TreeState {
  filter: string;
  /** Rows that were opened once by themselves, and may be closed by the user since. */
  seen: ReadonlySet<string>;
  /** Counts up whenever the focused row must get the page's focus. */
  summons: number;
  /** The focus or the pointer is in the tree: nothing may be put elsewhere. */
  held: boolean;
}

export const useTreeView = create<View>(() => ({ ...START, filter: '', seen: new Set(), summons: 0, held: false }));

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
  openUnseen([...fleet.shape.clusters, ...[...fleet.shape.nodes.values()].flat()]);
}

export function openUnseen(parents: readonly string[]): void {
  const { seen, open } = useTreeView.getState();
  const fresh = parents.filter((key) => !seen.has(key));
  if (fresh.length > 0) useTreeView.setState({ seen: new Set([...seen, ...fresh]), open: new Set([...open, ...fresh]) });
}

let lists: Lists = { updates: null, images: null };

/** The same object while the lists are the same. */
export function listsNow(): Lists {
  const { updates, images } = useKnown.getState();
  const [u, i] = [updates?.answer ?? null, images?.answer ?? null];
  if (u !== lists.updates || i !== lists.images) lists = { updates: u, images: i };
  return lists;
}

interface Made {
  shape: unknown;
  guests: unknown;
  lists: Lists;
  matches: Matches | null;
}

const MOST = 64;
/** By text: the tree's own and those of the saved filters. */
const made = new Map<string, Made>();

/** What the filter lets through now; null without a filter. Computed once for a picture and a text. */
export function matchesNow(fleet: FleetPicture, text: string): Matches | null {
  const known = made.get(text);
  const lists = listsNow();
  if (known !== undefined && known.shape === fleet.shape && known.guests === fleet.guests && known.lists === lists) return known.matches;
  const matches = match(fleet, text, lists);
  // The same rows give the same object, so that nothing is drawn again because a load changed.
  const before = known?.matches ?? null;
  const kept = matches !== null && before !== null && sameKeys(matches.shown, before.shown) ? before : matches;
  if (known === undefined && made.size >= MOST) made.clear();
  made.set(text, { shape: fleet.shape, guests: fleet.guests, lists, matches: kept });
  return kept;
}

/** Drawn again when the matches are others, and when a list over the fleet was read. */
export function useMatches(text: string): Matches | null {
  useKnown();
  return useLive((live) => matchesNow(live.fleet, text));
}

function sameKeys(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  if (a.size !== b.size) return false;
  for (const key of a) if (!b.has(key)) return false;
  return true;
}
