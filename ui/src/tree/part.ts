// What an action on a group is about: some updates of its LXCs, in exactly those that can get them.
import type { Reason } from '../actions/able';
import type { GuestRow } from '../bindings/GuestRow';
import type { Target } from '../bindings/Target';
import type { UpdateFilter } from '../bindings/UpdateFilter';
import { type GuestKey, guestKey } from '../live/fleet';
import { words } from '../words/en';
import { type Group, isImages, sumsOf } from './groups';
import type { Share } from './standing';
import { listsNow } from './view';

export interface Part {
  /** Of the group, or of the row below an LXC. */
  name: string;
  only: UpdateFilter;
  images: boolean;
  total: number;
  security: number;
  targets: Target[];
  whyNot(guest: GuestRow): Reason;
}

/** Null of a group that is about no updates: its LXCs are meant as they are. Of one LXC alone only what it has of the group. */
export function partOf(group: Group, alone: GuestKey | null = null): Part | null {
  const { only, name } = group;
  if (only === null) return null;
  const members = alone === null ? group.members : group.members.filter(({ guest }) => guest === alone);
  const sums = alone === null ? group.sums : sumsOf(members);
  const shares = new Map(members.map(({ guest, share }) => [guest, share]));
  const ignoring = only.kind === 'packages' ? ignoringOf(only.names) : new Set<string>();
  const whyNot = (guest: Pick<GuestRow, 'id'>): Reason => (ignoring.has(guest.id) ? words.rules.allAside : whyNotShare(shares.get(guestKey(guest.id))));
  const targets = members.flatMap(({ guest }): Target[] => {
    const id = guest.slice('guest:'.length);
    return whyNot({ id }) === null ? [{ kind: 'guest', guest: id }] : [];
  });
  return { name, only, images: isImages(group), total: sums.total, security: sums.security, targets, whyNot };
}

function whyNotShare(share: Share | undefined): Reason {
  if (share === undefined || (share.total === 0 && share.aside === 0)) return words.actions.why.none;
  if (share.past) return words.tree.old;
  return share.total > 0 ? null : words.tree.noneAble;
}

/** A plan names packages for all of its LXCs alike: one that ignores a named one would get it, and is no part of it. */
function ignoringOf(names: readonly string[]): ReadonlySet<string> {
  const named = new Set(names);
  const all = (listsNow().updates?.groups ?? []).flatMap(({ updates }) => updates);
  return new Set(all.filter(({ rule, package: name }) => (rule === 'ignore' || rule === 'snooze') && named.has(name)).map(({ guest }) => guest));
}
