// The rows of the tree as they stand, and the details of opened guests fetched as they are needed.
import { useEffect, useLayoutEffect, useMemo } from 'react';
import { readDetails, useDetails } from '../live/details';
import type { GuestKey } from '../live/fleet';
import { useLive } from '../live/store';
import { leavesOf } from '../panel/packages';
import { canOpen, type FlatRow, flatten } from './rows';
import { matchesNow, openNewcomers, useTreeView } from './view';

export function useFlatRows(): FlatRow[] {
  const shape = useLive((live) => live.fleet.shape);
  const guests = useLive((live) => live.fleet.guests);
  const open = useTreeView((view) => view.open);
  const filter = useTreeView((view) => view.filter);
  const matches = useLive((live) => matchesNow(live.fleet, filter));
  const details = useDetails((all) => all.byGuest);

  useLayoutEffect(() => openNewcomers(useLive.getState().fleet), [shape]);
  useEffect(() => {
    for (const key of open) {
      const row = key.startsWith('guest:') ? guests.get(key as GuestKey) : undefined;
      if (row !== undefined && canOpen(row)) void readDetails(row);
    }
  }, [open, guests]);

  // A changed load changes no row of this list: what decides is who stands where, and what is open.
  return useMemo(
    () => flatten(useLive.getState().fleet, open, matches?.shown ?? null, (guest) => leavesOf(details.get(guest.slice('guest:'.length)))),
    // oxlint-disable-next-line react/exhaustive-deps -- `shape` stands for the picture that is read inside
    [shape, open, matches, details],
  );
}
