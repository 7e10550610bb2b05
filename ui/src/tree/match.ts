// What a filter lets through. Pure; the tests of a text are made once, and each row is asked once for a picture.
import { pending } from '../actions/able';
import type { ClusterRow } from '../bindings/ClusterRow';
import type { FleetImages } from '../bindings/FleetImages';
import type { FleetUpdates } from '../bindings/FleetUpdates';
import type { GuestRow } from '../bindings/GuestRow';
import type { Severity } from '../bindings/Severity';
import type { FleetPicture } from '../live/fleet';
import { guestKey } from '../live/fleet';
import { type Filter, fits, isEmpty, type Key, parse, type Token, type ValueOf } from './filter';
import { imagesByGuest, pendingByGuest } from './known';
import { standingOf, type UpdateType } from './standing';

/** What a filter lets through. */
export interface Matches {
  /** Keys of the rows to show: the matching ones, and what is above them. */
  shown: ReadonlySet<string>;
  /** Matching guests, templates included. */
  guests: number;
}

/** Lists over the fleet, as far as they are read. */
export interface Lists {
  updates: FleetUpdates | null;
  images: FleetImages | null;
}

const NO_LISTS: Lists = { updates: null, images: null };

interface Place {
  node: string;
  cluster: ClusterRow | undefined;
}

type Test = (row: GuestRow, place: Place) => boolean;

const held = (row: GuestRow): boolean => (row.updates.kind === 'upToDate' ? row.updates.blocked : (pending(row)?.blocked ?? 0)) > 0;

const STATES: Record<ValueOf<'state'>, (row: GuestRow) => boolean> = {
  running: (row) => row.power === 'running' && !row.old,
  stopped: (row) => row.power === 'stopped' && !row.old && !row.template,
  locked: (row) => row.lock !== null,
  template: (row) => row.template,
  busy: (row) => row.activity !== null,
  unreachable: (row) => row.old || row.agent.kind === 'offline',
  updates: (row) => standingOf(row).has('apt'),
  security: (row) => standingOf(row).has('security'),
  images: (row) => standingOf(row).has('docker'),
  approved: (row) => row.approved > 0,
  held,
  uptodate: (row) => standingOf(row).has('upToDate'),
  stale: (row) => row.old || row.updates.kind === 'stale',
  error: (row) => row.updates.kind === 'error',
  unknown: (row) => standingOf(row).has('unknown') || row.power === 'unknown',
};
const AGENTS: Record<ValueOf<'agent'>, (row: GuestRow) => boolean> = {
  online: ({ agent, old }) => agent.kind === 'online' && !old,
  via: ({ agent }) => agent.kind === 'online' && agent.via !== null,
  older: ({ agent }) => agent.kind === 'online' && agent.older,
  offline: ({ agent }) => agent.kind === 'offline',
  off: ({ agent }) => agent.kind === 'off',
  missing: ({ agent, template }) => agent.kind === 'notInstalled' && !template,
};
export const SEVERITIES: Record<ValueOf<'severity'>, Severity> = { critical: 'critical', high: 'high', medium: 'medium', low: 'low', unrated: 'securityUnrated', other: 'unknown' };
const TYPES: Record<ValueOf<'type'>, UpdateType> = { security: 'security', apt: 'apt', docker: 'docker', unknown: 'unknown', notupdated: 'notUpdated', uptodate: 'upToDate' };

const some = (values: Iterable<string> | undefined, fit: (value: string) => boolean): boolean => {
  for (const value of values ?? []) if (fit(value)) return true;
  return false;
};

/** Of one value, whether it is excluded or wanted. A value that cannot be is nobody's. */
function testOf({ key, value }: Token, lists: Lists): Test {
  const fit = fits(value);
  switch (key) {
    case 'tag':
      return (row) => row.tags.some(fit);
    case 'node':
      return (_, place) => fit(place.node);
    case 'cluster':
      return (_, place) => place.cluster !== undefined && fit(place.cluster.name);
    case 'state':
      return value in STATES ? STATES[value as ValueOf<'state'>] : () => false;
    case 'agent':
      return value in AGENTS ? AGENTS[value as ValueOf<'agent'>] : () => false;
    case 'type': {
      const type = value in TYPES ? TYPES[value as ValueOf<'type'>] : null;
      return (row) => type !== null && standingOf(row).has(type);
    }
    case 'severity': {
      const severity = value in SEVERITIES ? SEVERITIES[value as ValueOf<'severity'>] : null;
      const all = pendingByGuest(lists.updates);
      return (row) => severity !== null && all.get(guestKey(row.id))?.severities.has(severity) === true;
    }
    case 'package': {
      const all = pendingByGuest(lists.updates);
      return (row) => some(all.get(guestKey(row.id))?.packages, fit);
    }
    case 'image': {
      const all = imagesByGuest(lists.images);
      return (row) => some(all.get(guestKey(row.id)), fit);
    }
  }
}

/** One test for each key: any of its values, and none of those that are excluded. */
function testsOf({ tokens }: Filter, lists: Lists): Test[] {
  const keys = new Map<Key, { any: Test[]; none: Test[] }>();
  for (const token of tokens) {
    const of = keys.get(token.key) ?? { any: [], none: [] };
    of[token.not ? 'none' : 'any'].push(testOf(token, lists));
    keys.set(token.key, of);
  }
  return [...keys.values()].map(({ any, none }): Test => (row, place) => (any.length === 0 || any.some((one) => one(row, place))) && !none.some((one) => one(row, place)));
}

/** Only a filter about places and words can be about a cluster or node that has no LXC. */
const PLACES: ReadonlySet<Key> = new Set(['node', 'cluster']);
const ofPlaces = ({ tokens }: Filter): boolean => tokens.every(({ key }) => PLACES.has(key));
const NO_ROW = {} as GuestRow;

const holds = (text: string, wanted: readonly string[]): boolean => wanted.every((word) => text.includes(word));

const said = new WeakMap<GuestRow, string>();

function sayingOf(row: GuestRow): string {
  let text = said.get(row);
  if (text === undefined) {
    text = `${row.name} ${row.vmid} ${row.tags.join(' ')} ${row.address ?? ''} ${row.os ?? ''}`.toLowerCase();
    said.set(row, text);
  }
  return text;
}

/** Words must occur in a row's names, number, tags or addresses, or in those above it; tokens must all fit. */
export function match(fleet: FleetPicture, text: string, lists: Lists = NO_LISTS): Matches | null {
  const filter = parse(text);
  if (isEmpty(filter)) return null;
  const { words } = filter;
  const tests = testsOf(filter, lists);
  const fitting: Test = (row, place) => tests.every((test) => test(row, place));
  const places = ofPlaces(filter);
  const aboutNode = filter.tokens.some(({ key }) => key === 'node');
  const shown = new Set<string>();
  let guests = 0;
  for (const cluster of fleet.shape.clusters) {
    const row = fleet.clusters.get(cluster);
    const above = `${row?.name ?? ''} ${row?.address ?? ''}`.toLowerCase();
    let any = places && !aboutNode && holds(above, words) && fitting(NO_ROW, { node: '', cluster: row });
    for (const node of fleet.shape.nodes.get(cluster) ?? []) {
      const place = { node: node.slice(node.indexOf('/') + 1), cluster: row };
      const here = `${above} ${place.node} ${fleet.nodes.get(node)?.address ?? ''}`.toLowerCase();
      let anyBelow = places && holds(here, words) && fitting(NO_ROW, place);
      const left = words.filter((word) => !here.includes(word));
      for (const guest of fleet.shape.guests.get(node) ?? []) {
        const row = fleet.guests.get(guest);
        if (row === undefined || !holdsWith(row, left, words, here) || !fitting(row, place)) continue;
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

/** A phrase may begin in the names above and end in its own. */
function holdsWith(row: GuestRow, left: readonly string[], words: readonly string[], above: string): boolean {
  if (left.length === 0 || holds(sayingOf(row), left)) return true;
  return words.some((word) => word.includes(' ')) && holds(`${above} ${sayingOf(row)}`, left);
}

/** Which lists over the fleet a filter needs. */
export function needsOf(text: string): { updates: boolean; images: boolean } {
  const keys = new Set(parse(text).tokens.map(({ key }) => key));
  return { updates: keys.has('severity') || keys.has('package'), images: keys.has('image') };
}
