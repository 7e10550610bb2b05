// What the lists over the fleet say, as far as they were read: grouping by severity and some keys of the filter need them.
import { create } from 'zustand';
import type { FleetImages } from '../bindings/FleetImages';
import type { FleetUpdates } from '../bindings/FleetUpdates';
import type { Severity } from '../bindings/Severity';
import type { Asked } from '../live/asked';
import { type GuestKey, guestKey } from '../live/fleet';
import { familiar } from '../panel/images';

export interface Known {
  updates: Asked<FleetUpdates> | null;
  images: Asked<FleetImages> | null;
}

export const useKnown = create<Known>(() => ({ updates: null, images: null }));

/** Of one LXC. */
export interface Pending {
  severities: ReadonlySet<Severity>;
  packages: ReadonlySet<string>;
}

const byUpdates = new WeakMap<FleetUpdates, ReadonlyMap<GuestKey, Pending>>();
const byImages = new WeakMap<FleetImages, ReadonlyMap<GuestKey, ReadonlySet<string>>>();
const NO_UPDATES: ReadonlyMap<GuestKey, Pending> = new Map();
const NO_IMAGES: ReadonlyMap<GuestKey, ReadonlySet<string>> = new Map();

/** Severities and names of what is pending, put together once for an answer. */
export function pendingByGuest(answer: FleetUpdates | null): ReadonlyMap<GuestKey, Pending> {
  if (answer === null) return NO_UPDATES;
  const known = byUpdates.get(answer);
  if (known !== undefined) return known;
  const all = new Map<GuestKey, { severities: Set<Severity>; packages: Set<string> }>();
  for (const { source, updates } of answer.groups) {
    for (const update of updates) {
      const key = guestKey(update.guest);
      const own = all.get(key) ?? { severities: new Set(), packages: new Set() };
      own.severities.add(update.severity);
      own.packages.add(source);
      own.packages.add(update.package);
      all.set(key, own);
    }
  }
  byUpdates.set(answer, all);
  return all;
}

/** The references that the containers of an LXC use: in full, without the tag, and the last part alone. */
export function imagesByGuest(answer: FleetImages | null): ReadonlyMap<GuestKey, ReadonlySet<string>> {
  if (answer === null) return NO_IMAGES;
  const known = byImages.get(answer);
  if (known !== undefined) return known;
  const all = new Map<GuestKey, Set<string>>();
  for (const { image, uses } of answer.images) {
    const name = familiar(image);
    const bare = name.replace(/(?<=.)[:@][^/]*$/, '');
    for (const { guest } of uses) {
      const own = all.get(guestKey(guest)) ?? new Set();
      for (const one of [image, name, bare, bare.slice(bare.lastIndexOf('/') + 1)]) own.add(one);
      all.set(guestKey(guest), own);
    }
  }
  byImages.set(answer, all);
  return all;
}
