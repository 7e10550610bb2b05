// The fleet as a flat list of rows: what is open, what the filter lets through, and where each row stands. Pure.
import type { GuestRow } from '../bindings/GuestRow';
import type { ImageInUse } from '../bindings/ImageInUse';
import type { Update } from '../bindings/Update';
import type { FleetPicture, GuestKey, Shape } from '../live/fleet';

export type RowKind = 'cluster' | 'node' | 'guest' | 'leaf';

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
      guests.forEach((guest, i) => pushGuest(rows, fleet, open, leavesOf, guest, node, i + 1, guests.length));
    });
  });
  return rows;
}

function pushGuest(
  rows: FlatRow[],
  fleet: FleetPicture,
  open: ReadonlySet<string>,
  leavesOf: LeavesOf,
  key: GuestKey,
  parent: string,
  position: number,
  size: number,
): void {
  const row = fleet.guests.get(key);
  const isOpen = row !== undefined && canOpen(row) ? open.has(key) : null;
  rows.push({ key, kind: 'guest', level: 3, parent, position, size, open: isOpen, leaf: null });
  if (isOpen !== true) return;
  const leaves = leavesOf(key);
  leaves.forEach((leaf, i) => {
    rows.push({ key: leafKey(key, leaf), kind: 'leaf', level: 4, parent: key, position: i + 1, size: leaves.length, open: null, leaf });
  });
}

function leafKey(guest: GuestKey, leaf: Leaf): string {
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

/** What a filter lets through. */
export interface Matches {
  /** Keys of the rows to show: the matching ones, what is above them, and all below a matching cluster or node. */
  shown: ReadonlySet<string>;
  /** Matching guests, templates included. */
  guests: number;
}

/** Plain text: every word must occur in a row's names, number, tags or addresses, or in those above it. */
export function match(fleet: FleetPicture, text: string): Matches | null {
  const wanted = text.toLowerCase().split(/\s+/).filter(Boolean);
  if (wanted.length === 0) return null;
  const shown = new Set<string>();
  let guests = 0;
  for (const cluster of fleet.shape.clusters) {
    const row = fleet.clusters.get(cluster);
    const above = `${row?.name ?? ''} ${row?.address ?? ''}`.toLowerCase();
    let any = holds(above, wanted);
    for (const node of fleet.shape.nodes.get(cluster) ?? []) {
      const text = `${above} ${node.slice(node.indexOf('/') + 1)} ${fleet.nodes.get(node)?.address ?? ''}`.toLowerCase();
      let anyBelow = holds(text, wanted);
      for (const guest of fleet.shape.guests.get(node) ?? []) {
        const row = fleet.guests.get(guest);
        if (row === undefined || !holds(`${text} ${textOf(row)}`, wanted)) continue;
        shown.add(guest);
        guests += 1;
        anyBelow = true;
      }
      if (anyBelow) shown.add(node);
      any ||= anyBelow;
    }
    if (any) shown.add(cluster);
  }
  return { shown, guests };
}

const holds = (text: string, wanted: readonly string[]) => wanted.every((word) => text.includes(word));

function textOf(row: GuestRow): string {
  return `${row.name} ${row.vmid} ${row.tags.join(' ')} ${row.address ?? ''} ${row.os ?? ''}`.toLowerCase();
}
