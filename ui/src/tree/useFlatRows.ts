// The rows of the tree as they stand, and the details of opened guests fetched as they are needed.
import { useEffect, useLayoutEffect, useMemo } from 'react';
import type { GuestRow } from '../bindings/GuestRow';
import { readDetails, useDetails } from '../live/details';
import type { GuestKey } from '../live/fleet';
import { useLive } from '../live/store';
import { leavesOf } from '../panel/packages';
import { canOpen, type FlatRow, flatten } from './rows';
import { matchesNow, openNewcomers, useTreeView } from './view';

export function useFlatRows(): FlatRow[] {
  const shape = useLive((live) => live.fleet.shape);
  const open = useTreeView((view) => view.open);
  const filter = useTreeView((view) => view.filter);
  const matches = useLive((live) => matchesNow(live.fleet, filter));
  const details = useDetails((all) => all.byGuest);

  useLayoutEffect(() => openNewcomers(useLive.getState().fleet), [shape]);
  useEffect(() => {
    const guests = [...open].filter((key): key is GuestKey => key.startsWith('guest:'));
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
    () => flatten(useLive.getState().fleet, open, matches?.shown ?? null, (guest) => leavesOf(details.get(guest.slice('guest:'.length)))),
    // oxlint-disable-next-line react/exhaustive-deps -- `shape` stands for the picture that is read inside
    [shape, open, matches, details],
  );
}
