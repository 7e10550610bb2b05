// The fleet as a flat list of rows: what is open, what the filter lets through, and where each row stands. Pure.
import type { GuestRow } from '../bindings/GuestRow';
import type { ImageInUse } from '../bindings/ImageInUse';
import type { Update } from '../bindings/Update';
import type { FleetPicture, GuestKey, Shape } from '../live/fleet';
import { within } from './bare';
import type { Group } from './groups';
import type { Share } from './standing';

export type RowKind = 'cluster' | 'node' | 'group' | 'guest' | 'leaf';

export interface FlatRow {
  key: string;
  kind: RowKind;
  /** 1 to 4. */
  level: number;
  parent: string | null;
  /** Place among its brothers, from 1, and their number. */
  position: number;
  size: number;
  /** Null where there is nothing to open. */
  open: boolean | null;
  /** Of a leaf. */
  leaf: Leaf | null;
  /** Of a group's own row. */
  group?: Group;
  /** What an LXC has of the group in which it stands. */
  share?: Share;
}

export type Leaf =
  | { kind: 'update'; update: Update }
  /** `digest` is the one in use, where it is known. */
  | { kind: 'image'; image: ImageInUse; digest: string | null; podman: boolean }
  | { kind: 'engine'; socket: string; reason: string }
  | { kind: 'reading' }
  | { kind: 'nothing'; reason: string | null }
  | { kind: 'problem'; message: string };

/** The leaves of an opened guest, as far as they are known. */
export type LeavesOf = (guest: GuestKey) => readonly Leaf[];

/** Rows to which something can be opened below. A guest without an agent has none: nobody can see into it. */
export function canOpen(guest: GuestRow): boolean {
  return !guest.template && guest.agent.kind !== 'notInstalled';
}

export function flatten(
  fleet: FleetPicture,
  open: ReadonlySet<string>,
  shown: ReadonlySet<string> | null,
  leavesOf: LeavesOf,
): FlatRow[] {
  const rows: FlatRow[] = [];
  const shape = shown === null ? fleet.shape : narrowed(fleet.shape, shown);
  shape.clusters.forEach((cluster, i) => {
    const isOpen = open.has(cluster);
    rows.push({ key: cluster, kind: 'cluster', level: 1, parent: null, position: i + 1, size: shape.clusters.length, open: isOpen, leaf: null });
    if (!isOpen) return;
    const nodes = shape.nodes.get(cluster) ?? [];
    nodes.forEach((node, i) => {
      const guests = shape.guests.get(node) ?? [];
      const isOpen = guests.length === 0 ? null : open.has(node);
      rows.push({ key: node, kind: 'node', level: 2, parent: cluster, position: i + 1, size: nodes.length, open: isOpen, leaf: null });
      if (isOpen !== true) return;
      guests.forEach((guest, i) => pushGuest(rows, { fleet, open, leavesOf, key: guest, guest, level: 3, parent: node, position: i + 1, size: guests.length }));
    });
  });
  return rows;
}

/** Groups, below them their LXCs, below an opened one what of it is part of the group. */
export function flattenGroups(fleet: FleetPicture, groups: readonly Group[], open: ReadonlySet<string>, leavesOf: LeavesOf): FlatRow[] {
  const rows: FlatRow[] = [];
  groups.forEach((group, i) => {
    const isOpen = open.has(group.key);
    rows.push({ key: group.key, kind: 'group', level: 1, parent: null, position: i + 1, size: groups.length, open: isOpen, leaf: null, group });
    if (!isOpen) return;
    group.members.forEach(({ guest, share }, i) => {
      pushGuest(rows, { fleet, open, leavesOf, key: within(group.key, guest), guest, level: 2, parent: group.key, position: i + 1, size: group.members.length, group, share });
    });
  });
  return rows;
}

interface Place extends Pick<FlatRow, 'key' | 'level' | 'parent' | 'position' | 'size' | 'share'> {
  fleet: FleetPicture;
  open: ReadonlySet<string>;
  leavesOf: LeavesOf;
  guest: GuestKey;
  group?: Group;
}

const NOTHING: readonly Leaf[] = [{ kind: 'nothing', reason: null }];
/** Why nothing is listed is said in every group. */
const always = ({ kind }: Leaf): boolean => kind === 'reading' || kind === 'problem' || kind === 'engine';

function leavesIn(leaves: readonly Leaf[], group: Group | undefined): readonly Leaf[] {
  if (group === undefined) return leaves;
  const own = leaves.filter((leaf) => always(leaf) || group.takes(leaf));
  return own.length > 0 ? own : NOTHING;
}

function pushGuest(rows: FlatRow[], { fleet, open, leavesOf, key, guest, level, parent, position, size, group, share }: Place): void {
  const row = fleet.guests.get(guest);
  const isOpen = row !== undefined && canOpen(row) ? open.has(key) : null;
  rows.push({ key, kind: 'guest', level, parent, position, size, open: isOpen, leaf: null, ...(share === undefined ? {} : { share }) });
  if (isOpen !== true) return;
  const leaves = leavesIn(leavesOf(guest), group);
  leaves.forEach((leaf, i) => {
    const own = leafKey(guest, leaf);
    rows.push({ key: group === undefined ? own : within(group.key, own), kind: 'leaf', level: level + 1, parent: key, position: i + 1, size: leaves.length, open: null, leaf });
  });
}

export function leafKey(guest: GuestKey, leaf: Leaf): string {
  const id = guest.slice('guest:'.length);
  switch (leaf.kind) {
    case 'update':
      return `package:${id}/${leaf.update.package}:${leaf.update.arch}`;
    case 'image':
      return `image:${id}/${leaf.image.socket}/${leaf.image.image}/${leaf.image.imageId}`;
    case 'engine':
      return `engine:${id}/${leaf.socket}`;
    case 'reading':
    case 'nothing':
    case 'problem':
      return `${leaf.kind}:${id}`;
  }
}

function narrowed(shape: Shape, shown: ReadonlySet<string>): Shape {
  const nodes = new Map([...shape.nodes].map(([key, list]) => [key, list.filter((node) => shown.has(node))]));
  const guests = new Map([...shape.guests].map(([key, list]) => [key, list.filter((guest) => shown.has(guest))]));
  return { clusters: shape.clusters.filter((key) => shown.has(key)), nodes, guests };
}
