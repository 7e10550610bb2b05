// What can be said next in the filter: keys, and the values that the fleet has. Pure.
import type { FleetPicture } from '../live/fleet';
import { familiar } from '../panel/images';
import { words } from '../words/en';
import { CLOSED, isClosed, isKey, type Key, KEYS, quoted, type Token } from './filter';
import type { Lists } from './match';

export interface Suggestion {
  /** What stands in the field when it is taken. */
  text: string;
  /** Only a key: the value comes next. */
  begins: boolean;
  note: string;
  /** How many LXCs have it, where that is known without looking twice. */
  lxcs: number | null;
}

const MOST = 50;
const names = new Intl.Collator('en', { numeric: true, sensitivity: 'base' });

/** `typed` is the piece under the cursor. */
export function suggest(typed: string, fleet: FleetPicture, lists: Lists): Suggestion[] {
  const not = typed.startsWith('-') ? '-' : '';
  const text = typed.slice(not.length);
  const colon = text.indexOf(':');
  if (colon === -1) {
    return KEYS.filter((key) => key.startsWith(text.toLowerCase())).map((key) => ({ text: `${not}${key}:`, begins: true, note: words.tree.keys[key], lxcs: null }));
  }
  const key = text.slice(0, colon).toLowerCase();
  if (!isKey(key)) return [];
  const begun = text.slice(colon + 1).replaceAll('"', '').toLowerCase();
  return valuesOf(key, fleet, lists)
    .filter(({ value }) => value.toLowerCase().includes(begun))
    .toSorted((a, b) => Number(b.value.toLowerCase().startsWith(begun)) - Number(a.value.toLowerCase().startsWith(begun)))
    .slice(0, MOST)
    .map(({ value, note, lxcs }) => ({ text: `${not}${key}:${quoted(value)}`, begins: false, note, lxcs }));
}

interface Value {
  value: string;
  note: string;
  lxcs: number | null;
}

function valuesOf(key: Key, fleet: FleetPicture, lists: Lists): Value[] {
  if (isClosed(key)) {
    const notes: Readonly<Record<string, string>> = words.tree.values[key];
    return CLOSED[key].map((value) => ({ value, note: notes[value] ?? '', lxcs: null }));
  }
  const counts = new Map<string, number>();
  const add = (value: string, n = 1) => counts.set(value, (counts.get(value) ?? 0) + n);
  switch (key) {
    case 'tag':
      for (const { tags } of fleet.guests.values()) for (const tag of tags) add(tag);
      break;
    case 'node':
      for (const { node } of fleet.guests.values()) add(node);
      for (const { key } of fleet.nodes.values()) add(key.node, 0);
      break;
    case 'cluster':
      for (const { cluster } of fleet.guests.values()) add(fleet.clusters.get(`cluster:${cluster}`)?.name ?? cluster);
      for (const { name } of fleet.clusters.values()) add(name, 0);
      break;
    case 'package':
      for (const { source, updates } of lists.updates?.groups ?? []) add(source, new Set(updates.map(({ guest }) => guest)).size);
      break;
    case 'image':
      for (const { image, uses } of lists.images?.images ?? []) add(familiar(image), new Set(uses.map(({ guest }) => guest)).size);
      break;
  }
  return [...counts].map(([value, lxcs]) => ({ value, note: '', lxcs })).toSorted((a, b) => names.compare(a.value, b.value));
}

/** Whether the fleet has such a value now; of keys whose list is not read yet nobody knows. */
export function isThere({ key, value }: Token, fleet: FleetPicture, lists: Lists): boolean {
  const small = value.toLowerCase();
  return value.includes('*') || valuesOf(key, fleet, lists).some((one) => one.value.toLowerCase() === small);
}
