// The groups as they stand now: put together once for what they depend on, and kept in their order while somebody is at them.
import type { Grouping } from '../bindings/Grouping';
import { type FleetPicture, type GuestKey } from '../live/fleet';
import { usePreferences } from '../live/preferences';
import { useLive } from '../live/store';
import { bySeverity, byPackage, byType, type Group, guestsOf, keepOrder, sameGroups } from './groups';
import { useKnown } from './known';
import type { Lists } from './match';
import { listsNow, matchesNow, useTreeView } from './view';

interface Made {
  grouping: Grouping;
  filter: string;
  shape: unknown;
  /** Only the kinds of updates are read from the rows themselves. */
  guests: unknown;
  shown: unknown;
  lists: Lists;
  held: boolean;
  groups: readonly Group[];
}

let last: Made | null = null;

const isSame = (a: Omit<Made, 'groups'>, b: Omit<Made, 'groups'>): boolean =>
  a.grouping === b.grouping && a.filter === b.filter && a.shape === b.shape && a.guests === b.guests && a.shown === b.shown && a.lists === b.lists && a.held === b.held;

/** Null in the hierarchy. The same object while nothing of it would be drawn otherwise. */
export function groupsNow(fleet: FleetPicture = useLive.getState().fleet): readonly Group[] | null {
  const { grouping } = usePreferences.getState();
  if (grouping === 'hierarchy') return null;
  const { filter, held } = useTreeView.getState();
  const shown = matchesNow(fleet, filter)?.shown ?? null;
  const lists = listsNow();
  const wanted = { grouping, filter, shape: fleet.shape, guests: grouping === 'updateType' ? fleet.guests : null, shown, lists, held };
  if (last !== null && isSame(last, wanted)) return last.groups;
  const fresh = make(grouping, fleet, shown, lists);
  const stays = last !== null && held && last.grouping === grouping && last.filter === filter;
  const ordered = stays && last !== null ? keepOrder(last.groups, fresh) : fresh;
  const groups = last !== null && last.grouping === grouping && sameGroups(last.groups, ordered) ? last.groups : ordered;
  last = { ...wanted, groups };
  return groups;
}

function make(grouping: Exclude<Grouping, 'hierarchy'>, fleet: FleetPicture, shown: ReadonlySet<string> | null, lists: Lists): Group[] {
  switch (grouping) {
    case 'updateType':
      return byType(fleet, shown);
    case 'severity':
      return bySeverity(lists, guestsOf(fleet, shown));
    case 'package':
      return byPackage(lists, guestsOf(fleet, shown));
  }
}

/** Drawn again only when a group is another. */
export function useGroups(): readonly Group[] | null {
  usePreferences((chosen) => chosen.grouping);
  useTreeView((view) => view.filter);
  useTreeView((view) => view.held);
  useKnown();
  return useLive((live) => groupsNow(live.fleet));
}

export const groupOf = (key: string): Group | undefined => groupsNow()?.find((group) => group.key === key);

/** Which LXCs a group has; none where the row is no group. */
export const membersOf = (key: string): GuestKey[] => groupOf(key)?.members.map(({ guest }) => guest) ?? [];
