// The fleet as the page keeps it: rows by key, and the order in which the tree shows them. Pure.
import type { ClusterRow } from '../bindings/ClusterRow';
import type { Fleet } from '../bindings/Fleet';
import type { FleetPatch } from '../bindings/FleetPatch';
import type { GuestRow } from '../bindings/GuestRow';
import type { NodeKey } from '../bindings/NodeKey';
import type { NodeRow } from '../bindings/NodeRow';
import type { Totals } from '../bindings/Totals';

export type ClusterKey = `cluster:${string}`;
export type NodeRowKey = `node:${string}`;
export type GuestKey = `guest:${string}`;

export const clusterKey = (id: string): ClusterKey => `cluster:${id}`;
export const nodeKey = (key: NodeKey): NodeRowKey => `node:${key.cluster}/${key.node}`;
export const guestKey = (id: string): GuestKey => `guest:${id}`;

/** Who stands below whom. Changes only when rows come, go, move or are renamed. */
export interface Shape {
  clusters: ClusterKey[];
  nodes: Map<ClusterKey, NodeRowKey[]>;
  guests: Map<NodeRowKey, GuestKey[]>;
}

export interface FleetPicture {
  clusters: ReadonlyMap<ClusterKey, ClusterRow>;
  nodes: ReadonlyMap<NodeRowKey, NodeRow>;
  guests: ReadonlyMap<GuestKey, GuestRow>;
  totals: Totals;
  shape: Shape;
}

export const NO_TOTALS: Totals = {
  clusters: 0,
  nodes: 0,
  guests: 0,
  updates: { total: 0, security: 0, blocked: 0, ignored: 0 },
  guestsWithUpdates: 0,
};

export const EMPTY: FleetPicture = {
  clusters: new Map(),
  nodes: new Map(),
  guests: new Map(),
  totals: NO_TOTALS,
  shape: { clusters: [], nodes: new Map(), guests: new Map() },
};

const names = new Intl.Collator('en', { numeric: true, sensitivity: 'base' });

export function fromSnapshot(fleet: Fleet): FleetPicture {
  const clusters = new Map(fleet.clusters.map((row) => [clusterKey(row.id), row]));
  const nodes = new Map(fleet.nodes.map((row) => [nodeKey(row.key), row]));
  const guests = new Map(fleet.guests.map((row) => [guestKey(row.id), row]));
  return { clusters, nodes, guests, totals: fleet.totals, shape: shapeOf(clusters, nodes, guests) };
}

/** The picture after several patches in order. Rows that no patch names stay the same objects. */
export function applyPatches(picture: FleetPicture, patches: readonly FleetPatch[]): FleetPicture {
  const clusters = new Map(picture.clusters);
  const nodes = new Map(picture.nodes);
  const guests = new Map(picture.guests);
  let totals = picture.totals;
  let moved = false;
  for (const patch of patches) {
    for (const id of patch.goneClusters) moved = clusters.delete(clusterKey(id)) || moved;
    for (const key of patch.goneNodes) moved = nodes.delete(nodeKey(key)) || moved;
    for (const id of patch.goneGuests) moved = guests.delete(guestKey(id)) || moved;
    for (const row of patch.clusters) {
      const key = clusterKey(row.id);
      moved ||= clusters.get(key)?.name !== row.name;
      clusters.set(key, row);
    }
    for (const row of patch.nodes) {
      const key = nodeKey(row.key);
      moved ||= !nodes.has(key);
      nodes.set(key, row);
    }
    for (const row of patch.guests) {
      const key = guestKey(row.id);
      moved ||= stoodElsewhere(guests.get(key), row);
      guests.set(key, row);
    }
    totals = patch.totals ?? totals;
  }
  return { clusters, nodes, guests, totals, shape: moved ? shapeOf(clusters, nodes, guests) : picture.shape };
}

function stoodElsewhere(before: GuestRow | undefined, now: GuestRow): boolean {
  return (
    before === undefined ||
    before.node !== now.node ||
    before.cluster !== now.cluster ||
    before.vmid !== now.vmid ||
    before.name !== now.name ||
    before.template !== now.template ||
    before.agent.kind !== now.agent.kind
  );
}

/**
 * Clusters by the time they were added (their ids count up), nodes by name, guests by VMID: nothing that changes while
 * somebody looks. A guest whose node has no row yet still stands below that node's name.
 */
function shapeOf(
  clusters: ReadonlyMap<ClusterKey, ClusterRow>,
  nodes: ReadonlyMap<NodeRowKey, NodeRow>,
  guests: ReadonlyMap<GuestKey, GuestRow>,
): Shape {
  const shape: Shape = { clusters: [], nodes: new Map(), guests: new Map() };
  shape.clusters = [...clusters.keys()].toSorted();
  for (const key of shape.clusters) shape.nodes.set(key, []);
  for (const [key, row] of nodes) shape.nodes.get(clusterKey(row.key.cluster))?.push(key);
  for (const [key, row] of guests) {
    const node = nodeKey({ cluster: row.cluster, node: row.node });
    let list = shape.guests.get(node);
    if (list === undefined) {
      list = [];
      shape.guests.set(node, list);
      if (!nodes.has(node)) shape.nodes.get(clusterKey(row.cluster))?.push(node);
    }
    list.push(key);
  }
  for (const list of shape.nodes.values()) list.sort((a, b) => names.compare(a, b));
  for (const list of shape.guests.values()) list.sort((a, b) => vmid(guests, a) - vmid(guests, b));
  return shape;
}

const vmid = (guests: ReadonlyMap<GuestKey, GuestRow>, key: GuestKey) => guests.get(key)?.vmid ?? 0;

/** Every guest below a cluster, a node or itself, in the order of the tree. */
export function guestsBelow(picture: FleetPicture, key: string): GuestKey[] {
  if (key.startsWith('guest:')) return picture.guests.has(key as GuestKey) ? [key as GuestKey] : [];
  if (key.startsWith('node:')) return picture.shape.guests.get(key as NodeRowKey) ?? [];
  if (key.startsWith('cluster:')) {
    const nodes = picture.shape.nodes.get(key as ClusterKey) ?? [];
    return nodes.flatMap((node) => picture.shape.guests.get(node) ?? []);
  }
  return [];
}

/** The last time that any guest was read: whatever was scanned, lists over the fleet may be others. */
export function newestCheck({ guests }: FleetPicture): number {
  let newest = 0;
  for (const { checkedAt } of guests.values()) if (checkedAt !== null && checkedAt > newest) newest = checkedAt;
  return newest;
}
