// How the images of the fleet stand, and those below each cluster and node. Rows of LXCs carry their own figures; these are their sums.
import type { GuestRow } from '../bindings/GuestRow';
import type { ImageCounts } from '../bindings/ImageCounts';
import { clusterKey, type FleetPicture, nodeKey } from './fleet';

export interface ImageSums {
  now: ImageCounts;
  /** The same sum over pictures that are not current. */
  past: ImageCounts;
}

export const FLEET_IMAGES = 'fleet';
const NOTHING: ImageCounts = { total: 0, updates: 0, unclear: 0 };
const NONE: ImageSums = { now: NOTHING, past: NOTHING };

/** Whether what is known of a guest's containers is not the present. */
export function isPast(row: GuestRow): boolean {
  return row.old || row.updates.kind === 'stale' || row.power !== 'running' || row.agent.kind !== 'online';
}

let last: { guests: FleetPicture['guests'] | null; sums: ReadonlyMap<string, ImageSums> } = { guests: null, sums: new Map() };

/** Of a row's key, or of the fleet. Summed once for a picture. The same object while the figures are the same, so that no row is drawn again for another's load. */
export function imagesBelow(fleet: FleetPicture, key: string): ImageSums {
  if (last.guests !== fleet.guests) last = { guests: fleet.guests, sums: sumsOf(fleet, last.sums) };
  return last.sums.get(key) ?? NONE;
}

function sumsOf({ guests }: FleetPicture, before: ReadonlyMap<string, ImageSums>): ReadonlyMap<string, ImageSums> {
  const sums = new Map<string, ImageSums>();
  for (const row of guests.values()) {
    if (row.images === null) continue;
    const part = isPast(row) ? 'past' : 'now';
    for (const key of [FLEET_IMAGES, clusterKey(row.cluster), nodeKey(row)]) add(sums, key, part, row.images);
  }
  for (const [key, sum] of sums) {
    const known = before.get(key);
    if (known !== undefined && same(known.now, sum.now) && same(known.past, sum.past)) sums.set(key, known);
  }
  return sums;
}

/** In place: nobody holds the sum before it is whole. */
function add(sums: Map<string, ImageSums>, key: string, part: keyof ImageSums, counts: ImageCounts): void {
  let sum = sums.get(key);
  if (sum === undefined) {
    sum = { now: { ...NOTHING }, past: { ...NOTHING } };
    sums.set(key, sum);
  }
  const into = sum[part];
  into.total += counts.total;
  into.updates += counts.updates;
  into.unclear += counts.unclear;
}

const same = (a: ImageCounts, b: ImageCounts): boolean => a.total === b.total && a.updates === b.updates && a.unclear === b.unclear;
