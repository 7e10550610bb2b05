// The groups of the tree: LXCs by kind of update, by severity, by package or image. Pure.
import type { FleetImage } from '../bindings/FleetImage';
import type { FleetUpdate } from '../bindings/FleetUpdate';
import type { Severity } from '../bindings/Severity';
import type { UpdateFilter } from '../bindings/UpdateFilter';
import type { UpdateGroup } from '../bindings/UpdateGroup';
import type { FleetPicture, GuestKey } from '../live/fleet';
import { guestKey } from '../live/fleet';
import { familiar } from '../panel/images';
import { isSecurity } from '../panel/packages';
import type { GlyphName } from '../parts/Glyph';
import type { Tone } from '../parts/Status';
import { approvable, ORDER } from '../updates/groups';
import { words } from '../words/en';
import type { Lists } from './match';
import type { Leaf } from './rows';
import { type Share, standingOf, UPDATE_TYPES, type UpdateType } from './standing';

export interface Member {
  guest: GuestKey;
  share: Share;
}

export interface Sums {
  security: number;
  total: number;
  /** The same sum over pictures that are not current. */
  past: number;
  /** Held, kept back or set aside, and in none of the others. */
  aside: number;
}

export interface Group {
  /** `group:high`; no slash in it but before what is below. */
  key: string;
  name: string;
  look: { tone: Tone; glyph: GlyphName } | 'package' | 'image';
  members: readonly Member[];
  sums: Sums;
  /** What a plan over the group installs; null where the group is about no updates. */
  only: UpdateFilter | null;
  /** Whether a row below one of its LXCs is part of it. */
  takes: (leaf: Leaf) => boolean;
}

/** Everything of a group but what follows from its members. */
type Head = Omit<Group, 'members' | 'sums'>;

const TYPE_LOOKS: Record<UpdateType, { tone: Tone; glyph: GlyphName }> = {
  security: { tone: 'sec', glyph: 'sec' }, apt: { tone: 'info', glyph: 'upd' }, docker: { tone: 'info', glyph: 'upd' },
  unknown: { tone: 'mute', glyph: 'unk' }, notUpdated: { tone: 'mute', glyph: 'uns' }, upToDate: { tone: 'ok', glyph: 'ok' },
};
const TYPE_FILTERS: Record<UpdateType, UpdateFilter | null> = {
  security: { kind: 'security' }, apt: { kind: 'all' }, docker: { kind: 'all' }, unknown: null, notUpdated: null, upToDate: null,
};
const all = () => true;
const isUpdate = (leaf: Leaf): boolean => leaf.kind === 'update';
const TYPE_LEAVES: Record<UpdateType, Group['takes']> = {
  security: (leaf) => leaf.kind === 'update' && isSecurity(leaf.update.severity) && leaf.update.blocked === null,
  apt: isUpdate,
  docker: (leaf) => leaf.kind === 'image' && leaf.image.checked.state.kind === 'update',
  unknown: all, notUpdated: all, upToDate: all,
};

export const isImages = ({ key, look }: Pick<Group, 'key' | 'look'>): boolean => look === 'image' || key === 'group:docker';

export function sumsOf(members: readonly Member[]): Sums {
  const sums: Sums = { security: 0, total: 0, past: 0, aside: 0 };
  for (const { share } of members) {
    sums.aside += share.aside;
    if (share.past) sums.past += share.total;
    else {
      sums.total += share.total;
      sums.security += share.security;
    }
  }
  return sums;
}

const whole = (head: Head, members: readonly Member[]): Group => ({ ...head, members, sums: sumsOf(members) });

/** Every LXC that the filter shows, in the order of the tree. */
export function guestsOf({ shape }: FleetPicture, shown: ReadonlySet<string> | null): GuestKey[] {
  const guests = shape.clusters.flatMap((cluster) => (shape.nodes.get(cluster) ?? []).flatMap((node) => shape.guests.get(node) ?? []));
  return shown === null ? guests : guests.filter((guest) => shown.has(guest));
}

export function byType(fleet: FleetPicture, shown: ReadonlySet<string> | null): Group[] {
  const members = new Map<UpdateType, Member[]>(UPDATE_TYPES.map((type) => [type, []]));
  for (const guest of guestsOf(fleet, shown)) {
    const row = fleet.guests.get(guest);
    if (row === undefined) continue;
    for (const [type, share] of standingOf(row)) members.get(type)?.push({ guest, share });
  }
  return UPDATE_TYPES.flatMap((type) => {
    const own = members.get(type) ?? [];
    return own.length === 0 ? [] : [whole({ key: `group:${type}`, name: words.tree.types[type], look: TYPE_LOOKS[type], only: TYPE_FILTERS[type], takes: TYPE_LEAVES[type] }, own)];
  });
}

/** Each LXC with its part of these updates, in the order of the tree. */
function membersOf(updates: readonly FleetUpdate[], order: readonly GuestKey[]): Member[] {
  const shares = new Map<GuestKey, Share>();
  for (const update of updates) {
    const key = guestKey(update.guest);
    const share = shares.get(key) ?? { total: 0, security: 0, past: update.old, aside: 0, why: null };
    if (update.old || approvable(update)) {
      share.total += 1;
      if (isSecurity(update.severity)) share.security += 1;
    } else share.aside += 1;
    shares.set(key, share);
  }
  return inOrder(shares, order);
}

function inOrder(shares: ReadonlyMap<GuestKey, Share>, order: readonly GuestKey[]): Member[] {
  return order.flatMap((guest) => {
    const share = shares.get(guest);
    return share === undefined ? [] : [{ guest, share }];
  });
}

/** What the user ignores or puts off for now is not what he looks for. */
const isWanted = (update: FleetUpdate): boolean => update.rule !== 'ignore' && update.rule !== 'snooze';

const severityName = (severity: Severity): string => (severity === 'securityUnrated' ? words.tree.unrated : severity === 'unknown' ? words.fleetUpdates.other : words.severities[severity]);

export function bySeverity({ updates }: Lists, order: readonly GuestKey[]): Group[] {
  const of = new Map<Severity, FleetUpdate[]>(ORDER.map((severity) => [severity, []]));
  for (const group of updates?.groups ?? []) for (const update of group.updates) if (isWanted(update)) of.get(update.severity)?.push(update);
  return ORDER.flatMap((severity) => {
    const members = membersOf(of.get(severity) ?? [], order);
    if (members.length === 0) return [];
    const look = isSecurity(severity) ? TYPE_LOOKS.security : TYPE_LOOKS.apt;
    return [whole({ key: `group:${severity}`, name: severityName(severity), look, only: { kind: 'severities', severities: [severity] }, takes: (leaf) => leaf.kind === 'update' && leaf.update.severity === severity }, members)];
  });
}

const names = new Intl.Collator('en', { numeric: true, sensitivity: 'base' });

/** One for each source package and each image that has an update, those in most LXCs first. */
export function byPackage({ updates, images }: Lists, order: readonly GuestKey[]): Group[] {
  const place = new Map(order.map((guest, i) => [guest, i]));
  const groups = [...(updates?.groups ?? []).map((group) => ofSource(group, place)), ...(images?.images ?? []).map((image) => ofImage(image, place))];
  return groups.filter((group) => group.members.length > 0).toSorted((a, b) => b.members.length - a.members.length || names.compare(a.name, b.name));
}

/** Sorting the few of one package is cheaper than going through the whole fleet for each. */
const near = (guests: Iterable<GuestKey>, place: ReadonlyMap<GuestKey, number>): GuestKey[] => {
  const at = (guest: GuestKey): number => place.get(guest) ?? 0;
  return [...new Set(guests)].filter((guest) => place.has(guest)).toSorted((a, b) => at(a) - at(b));
};

function ofSource({ source, origin, updates }: UpdateGroup, place: ReadonlyMap<GuestKey, number>): Group {
  const wanted = updates.filter(isWanted);
  const packages = new Set(wanted.map((update) => update.package));
  const head: Head = {
    key: `group:p-${encodeURIComponent(`${origin}/${source}`)}`, name: source, look: 'package',
    only: { kind: 'packages', names: [...packages] }, takes: (leaf) => leaf.kind === 'update' && packages.has(leaf.update.package),
  };
  return whole(head, membersOf(wanted, near(wanted.map(({ guest }) => guestKey(guest)), place)));
}

function ofImage({ image, registry, uses }: FleetImage, place: ReadonlyMap<GuestKey, number>): Group {
  const updating = uses.filter(({ inUse }) => inUse.checked.state.kind === 'update');
  const shares = new Map<GuestKey, Share>(updating.map(({ guest, old }) => [guestKey(guest), { total: 1, security: 0, past: old, aside: 0, why: null }]));
  const head: Head = {
    key: `group:i-${encodeURIComponent(`${registry ?? ''}/${image}`)}`, name: familiar(image), look: 'image',
    only: { kind: 'images', names: [image], projects: false }, takes: (leaf) => leaf.kind === 'image' && familiar(leaf.image.image) === familiar(image),
  };
  return whole(head, inOrder(shares, near(shares.keys(), place)));
}

const sameShare = (a: Share, b: Share): boolean => a === b || (a.total === b.total && a.security === b.security && a.past === b.past && a.aside === b.aside && a.why === b.why);

/** Whether both would be drawn alike. */
export function sameGroups(a: readonly Group[], b: readonly Group[]): boolean {
  return a.length === b.length && a.every((group, i) => {
    const other = b[i];
    return other !== undefined && group.key === other.key && sameFilter(group.only, other.only) && group.members.length === other.members.length
      && group.members.every((member, at) => member.guest === other.members[at]?.guest && sameShare(member.share, other.members[at].share));
  });
}

const sameFilter = (a: UpdateFilter | null, b: UpdateFilter | null): boolean => a === b || JSON.stringify(a) === JSON.stringify(b);

/** In the order that was shown; what is new comes last on its level. */
export function keepOrder(before: readonly Group[], fresh: readonly Group[]): Group[] {
  const was = new Map(before.map((group) => [group.key, group]));
  return asBefore(before.map(({ key }) => key), fresh, ({ key }) => key).map((group) => {
    const members = was.get(group.key)?.members;
    return members === undefined ? group : { ...group, members: asBefore(members.map(({ guest }) => guest), group.members, ({ guest }) => guest) };
  });
}

function asBefore<T>(order: readonly string[], fresh: readonly T[], keyOf: (one: T) => string): T[] {
  const rest = new Map(fresh.map((one) => [keyOf(one), one]));
  const kept = order.flatMap((key) => {
    const one = rest.get(key);
    rest.delete(key);
    return one === undefined ? [] : [one];
  });
  return [...kept, ...rest.values()];
}
