// The plans that renew one image wherever it has an update, or all of the fleet, and why none can be made now.
import { whyNoImages, type Reason } from '../actions/able';
import { verdict } from '../actions/verdict';
import type { FleetImage } from '../bindings/FleetImage';
import type { GuestRow } from '../bindings/GuestRow';
import { clusterKey, type FleetPicture, guestKey } from '../live/fleet';
import { makePlan } from '../plan/state';
import { words } from '../words/en';

/** The LXCs in which it has an update, as far as is known of now. */
export function guestsToRenew({ uses }: FleetImage): string[] {
  return [...new Set(uses.filter(({ old, inUse }) => !old && inUse.checked.state.kind === 'update').map(({ guest }) => guest))];
}

/** Null when the images of at least one of them can be renewed. */
export function whyNoneOf(fleet: FleetPicture, guests: readonly GuestRow[]): Reason {
  if (guests.length === 0) return words.renewal.why.none;
  const judged = verdict({ guests }, (guest) => whyNoImages(guest, fleet.clusters.get(clusterKey(guest.cluster))), words.renewal.can);
  return judged.able ? null : judged.why;
}

export function whyNotThese(fleet: FleetPicture, guests: readonly string[]): Reason {
  return whyNoneOf(fleet, guests.flatMap((guest) => fleet.guests.get(guestKey(guest)) ?? []));
}

export function whyNotAll(fleet: FleetPicture): Reason {
  return whyNoneOf(fleet, [...fleet.guests.values()].filter(({ images }) => images !== null && images.updates > 0));
}

export function renewImage(image: string, guests: readonly string[]): void {
  void makePlan({ kind: 'updateImages', targets: guests.map((guest) => ({ kind: 'guest', guest })), only: { kind: 'images', names: [image], projects: false } });
}

export function renewAll(): void {
  void makePlan({ kind: 'updateImages', targets: [{ kind: 'fleet' }], only: { kind: 'all' } });
}
