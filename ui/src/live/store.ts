// The live picture. Everything the page shows of the fleet and its operations is read from here, row by row.
import { create } from 'zustand';
import type { ClusterRow } from '../bindings/ClusterRow';
import type { FleetPatch } from '../bindings/FleetPatch';
import type { GuestRow } from '../bindings/GuestRow';
import type { NodeRow } from '../bindings/NodeRow';
import type { Operation } from '../bindings/Operation';
import type { Snapshot } from '../bindings/Snapshot';
import type { CommandError } from '../host';
import { rememberLoad } from './cpu';
import { applyPatches, type ClusterKey, EMPTY, type FleetPicture, fromSnapshot, type GuestKey, type NodeRowKey } from './fleet';

export type LinkState = 'starting' | 'live' | 'lost';

export interface Live {
  link: LinkState;
  /** Why there is no picture, when the snapshot could not be read. */
  problem: CommandError | null;
  /** A first snapshot has been shown. */
  loaded: boolean;
  fleet: FleetPicture;
  /** By id; newest first in `operationOrder`. */
  operations: ReadonlyMap<string, Operation>;
  operationOrder: readonly string[];
}

export const useLive = create<Live>(() => ({
  link: 'starting',
  problem: null,
  loaded: false,
  fleet: EMPTY,
  operations: new Map(),
  operationOrder: [],
}));

function inOrder(operations: Iterable<Operation>): Pick<Live, 'operations' | 'operationOrder'> {
  const list = [...operations].toSorted((a, b) => b.number - a.number);
  return { operations: new Map(list.map((o) => [o.id, o])), operationOrder: list.map((o) => o.id) };
}

export function showSnapshot(snapshot: Snapshot): void {
  const fleet = fromSnapshot(snapshot.fleet);
  for (const [key, row] of fleet.guests) rememberLoad(key, row.cpu);
  for (const [key, row] of fleet.nodes) rememberLoad(key, row.cpu);
  useLive.setState({ fleet, loaded: true, problem: null, ...inOrder(snapshot.operations) });
}

export function showChanges(patches: readonly FleetPatch[], operations: readonly Operation[]): void {
  for (const patch of patches) {
    for (const row of patch.guests) rememberLoad(`guest:${row.id}`, row.cpu);
    for (const row of patch.nodes) rememberLoad(`node:${row.key.cluster}/${row.key.node}`, row.cpu);
  }
  useLive.setState((live) => ({
    ...(patches.length > 0 ? { fleet: applyPatches(live.fleet, patches) } : {}),
    ...(operations.length > 0 ? withOperations(live, operations) : {}),
  }));
}

function withOperations(live: Live, changed: readonly Operation[]): Partial<Live> {
  if (changed.some((o) => !live.operations.has(o.id))) {
    const all = new Map(live.operations);
    for (const operation of changed) all.set(operation.id, operation);
    return inOrder(all.values());
  }
  const operations = new Map(live.operations);
  for (const operation of changed) operations.set(operation.id, operation);
  return { operations };
}

export const useCluster = (key: ClusterKey): ClusterRow | undefined => useLive((live) => live.fleet.clusters.get(key));
export const useNode = (key: NodeRowKey): NodeRow | undefined => useLive((live) => live.fleet.nodes.get(key));
export const useGuest = (key: GuestKey): GuestRow | undefined => useLive((live) => live.fleet.guests.get(key));
export const useOperation = (id: string): Operation | undefined => useLive((live) => live.operations.get(id));
