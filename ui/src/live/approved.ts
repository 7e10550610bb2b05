// How many updates are approved below each cluster and node. Rows of LXCs carry their own number; these are its sums.
import { clusterKey, type FleetPicture, nodeKey } from './fleet';

let last: { guests: FleetPicture['guests'] | null; sums: ReadonlyMap<string, number> } = { guests: null, sums: new Map() };

/** Summed once for a picture: every row above asks, and a fleet may have thousands below. */
export function approvedBelow(fleet: FleetPicture, key: string): number {
  if (last.guests !== fleet.guests) last = { guests: fleet.guests, sums: sumsOf(fleet) };
  return last.sums.get(key) ?? 0;
}

function sumsOf({ guests }: FleetPicture): ReadonlyMap<string, number> {
  const sums = new Map<string, number>();
  for (const { cluster, node, approved } of guests.values()) {
    if (approved === 0) continue;
    for (const key of [clusterKey(cluster), nodeKey({ cluster, node })]) sums.set(key, (sums.get(key) ?? 0) + approved);
  }
  return sums;
}
