// What an action would be about: the ticked guests, or the one row that was chosen.
import type { GuestRow } from '../bindings/GuestRow';
import type { ClusterRow } from '../bindings/ClusterRow';
import type { NodeRow } from '../bindings/NodeRow';
import type { Target } from '../bindings/Target';
import { type ClusterKey, clusterKey, type FleetPicture, type GuestKey, guestKey, nodeKey, type NodeRowKey } from '../live/fleet';
import { useLive } from '../live/store';
import { bare, groupKeyOf } from '../tree/bare';
import { type Part, partOf } from '../tree/part';
import { groupOf } from '../tree/grouped';
import { shownBelow, useTreeView } from '../tree/view';
import { words } from '../words/en';
import { type Chosen, chosenAt, withLeaf } from './leaf';

export interface Scope {
  /** `nextcloud`, `pve2`, `3 LXCs`. */
  name: string;
  /** What is handed to Rust. */
  targets: Target[];
  /** Every guest that it concerns. */
  guests: GuestRow[];
  /** The chosen row when it is one alone. */
  one: One | null;
  /** Of a group of the tree, or of a row in one: which updates of its LXCs are meant. */
  part: Part | null;
  /** A package or an image below an LXC: `part` is about it alone. */
  leaf: Chosen | null;
  /** The node of a guest, for its access. */
  nodeOf(guest: GuestRow): NodeRow | undefined;
  /** The cluster of a guest or of the chosen row, for its link. */
  clusterOf(what: { cluster: string }): ClusterRow | undefined;
}

export interface One {
  kind: 'cluster' | 'node' | 'guest';
  key: string;
  cluster: string;
  name: string;
  address: string | null;
}

const target = (guest: GuestRow): Target => ({ kind: 'guest', guest: guest.id });

export function scopeOfGuests(fleet: FleetPicture, guests: GuestRow[]): Scope {
  const [first] = guests;
  const one: One | null =
    guests.length === 1 && first !== undefined
      ? { kind: 'guest', key: `guest:${first.id}`, cluster: first.cluster, name: first.name, address: first.address }
      : null;
  return {
    name: one?.name ?? words.lxcs(guests.length),
    targets: guests.map(target),
    guests,
    one,
    part: null,
    leaf: null,
    nodeOf: (guest) => fleet.nodes.get(nodeKey({ cluster: guest.cluster, node: guest.node })),
    clusterOf: (what) => fleet.clusters.get(clusterKey(what.cluster)),
  };
}

/** A row with everything below it. Behind a filter only what is shown is meant. */
export function scopeOfRow(fleet: FleetPicture, key: string, filtered: boolean): Scope | null {
  const guests = shownBelow(key).flatMap((guest) => fleet.guests.get(guest) ?? []);
  const scope = scopeOfGuests(fleet, guests);
  const group = groupOf(key);
  if (group !== undefined) return { ...scope, name: group.name, one: null, part: partOf(group) };
  const cluster = fleet.clusters.get(key as ClusterKey);
  if (cluster !== undefined) {
    const one: One = { kind: 'cluster', key, cluster: cluster.id, name: cluster.name, address: cluster.address };
    return { ...scope, name: cluster.name, one, targets: filtered ? scope.targets : [{ kind: 'cluster', cluster: cluster.id }] };
  }
  const node = fleet.nodes.get(key as NodeRowKey);
  if (node !== undefined) {
    const one: One = { kind: 'node', key, cluster: node.key.cluster, name: node.key.node, address: node.address };
    return { ...scope, name: node.key.node, one, targets: filtered ? scope.targets : [{ kind: 'node', node: node.key }] };
  }
  return guests.length > 0 ? scope : null;
}

/** What the targets are in words: of a row behind a filter only those LXCs that are shown. */
export function nameOf({ name, one }: Scope, targets: readonly Target[]): string {
  if (one === null) return words.lxcs(targets.length);
  const row = one.kind === 'guest' || targets.every((target) => target.kind !== 'guest');
  return row ? name : words.rules.below(targets.length, name);
}

/** The scope of the tree as it stands now. */
export function scopeNow(): Scope | null {
  const { fleet } = useLive.getState();
  const { ticked, focus, filter } = useTreeView.getState();
  if (ticked.size > 0) {
    return scopeOfGuests(fleet, [...ticked].flatMap((key) => fleet.guests.get(key as GuestKey) ?? []));
  }
  return focus === null ? null : scopeInTree(fleet, focus, filter.trim() !== '');
}

/** An LXC inside a group is meant with its part of the group; a package or an image alone, wherever it stands. */
export function scopeInTree(fleet: FleetPicture, inTree: string, filtered: boolean): Scope | null {
  const scope = scopeOfRow(fleet, rowOf(inTree), filtered);
  const [guest] = scope?.guests ?? [];
  if (scope?.one?.kind !== 'guest' || guest === undefined) return scope;
  const chosen = chosenAt(inTree, guest);
  if (chosen !== null) return withLeaf(scope, chosen, guest);
  const group = groupOf(groupKeyOf(inTree) ?? '');
  return group === undefined ? scope : { ...scope, part: partOf(group, guestKey(guest.id)) };
}

/** What a scope is about, in words: `openssl · nextcloud`, `nextcloud · High`. */
export function aboutOf({ name, one, part, leaf }: Scope): string {
  if (leaf !== null) return `${leaf.name} · ${name}`;
  return part === null || one === null ? name : `${name} · ${part.name}`;
}

/** A package belongs to its guest, in whichever group both stand. */
export function rowOf(inTree: string): string {
  if (groupKeyOf(inTree) === inTree) return inTree;
  const key = bare(inTree);
  const [kind, rest = ''] = [key.slice(0, key.indexOf(':')), key.slice(key.indexOf(':') + 1)];
  return kind === 'cluster' || kind === 'node' || kind === 'guest' ? key : `guest:${rest.split('/')[0] ?? ''}`;
}
