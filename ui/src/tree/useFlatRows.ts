// The rows of the tree as they stand, and the details of opened guests fetched as they are needed.
import { useEffect, useLayoutEffect, useMemo } from 'react';
import type { GuestRow } from '../bindings/GuestRow';
import { readDetails, useDetails } from '../live/details';
import type { GuestKey } from '../live/fleet';
import { useLive } from '../live/store';
import { leavesOf } from '../panel/packages';
import { bare } from './bare';
import { useGroups } from './grouped';
import { canOpen, type FlatRow, flatten, flattenGroups } from './rows';
import { openNewcomers, openUnseen, useMatches, useTreeView } from './view';

/** So many groups can be looked over when they are open. */
const FEW = 12;

export function useFlatRows(): FlatRow[] {
  const shape = useLive((live) => live.fleet.shape);
  const open = useTreeView((view) => view.open);
  const filter = useTreeView((view) => view.filter);
  const matches = useMatches(filter);
  const groups = useGroups();
  const details = useDetails((all) => all.byGuest);

  useLayoutEffect(() => openNewcomers(useLive.getState().fleet), [shape]);
  useLayoutEffect(() => {
    if (groups !== null && groups.length <= FEW) openUnseen(groups.map(({ key }) => key));
  }, [groups]);
  useEffect(() => {
    const guests = [...new Set([...open].map(bare))].filter((key): key is GuestKey => key.startsWith('guest:'));
    let seen: ReadonlyMap<GuestKey, GuestRow> = new Map();
    const read = () => {
      const now = useLive.getState().fleet.guests;
      for (const key of guests) {
        const row = now.get(key);
        if (row !== undefined && row !== seen.get(key) && canOpen(row)) void readDetails(row);
      }
      seen = now;
    };
    read();
    return guests.length === 0 ? undefined : useLive.subscribe(read);
  }, [open]);

  // A changed load changes no row of this list: what decides is who stands where, and what is open.
  return useMemo(
    () => {
      const { fleet } = useLive.getState();
      const leaves = (guest: GuestKey) => leavesOf(details.get(guest.slice('guest:'.length)));
      return groups === null ? flatten(fleet, open, matches?.shown ?? null, leaves) : flattenGroups(fleet, groups, open, leaves);
    },
    // oxlint-disable-next-line react/exhaustive-deps -- `shape` stands for the picture that is read inside
    [shape, open, matches, groups, details],
  );
}
