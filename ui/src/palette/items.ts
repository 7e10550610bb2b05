// What the palette offers: actions on the chosen rows, commands, and every row of the fleet by name or number.
import { Box, Boxes, type LucideIcon, Server } from 'lucide-react';
import type { Command } from '../actions/command';
import { FLEET_COMMANDS } from '../actions/fleet';
import { ACTIONS } from '../actions/registry';
import { leafEntries } from '../actions/leaf';
import { aboutOf, scopeNow } from '../actions/scope';
import type { Verdict } from '../actions/verdict';
import { ABLE } from '../actions/verdict';
import { WINDOW_COMMANDS } from '../actions/window';
import { usePlace } from '../app/place';
import { clusterKey, type FleetPicture } from '../live/fleet';
import { useLive } from '../live/store';
import { reveal } from './reveal';
import { words } from '../words/en';
import { best } from './score';

const text = words.commands.palette;
export const MOST = 50;

export type Group = 'recent' | 'row' | 'fleet' | 'window' | 'places';

export interface Item {
  id: string;
  icon: LucideIcon;
  label: string;
  /** In small letters behind the label. */
  detail: string | null;
  keys: string | null;
  group: Group;
  verdict: Verdict;
  run: () => void;
}

/** Found by this, in lower case; made into an item only when it is shown. */
interface Candidate {
  id: string;
  text: string;
  item: () => Item;
}

export interface Offer {
  candidates: readonly Candidate[];
  /** Without what the fleet consists of: shown while nothing is typed. */
  commands: readonly Candidate[];
  /** What the first group is about. */
  scopeName: string | null;
}

/** A list that an action opens stands in the middle, where the palette was. */
const middle = () => ({ x: Math.max(16, window.innerWidth / 2 - 144), y: 96 });

/** As everything stands when the palette is opened. */
export function offerNow(): Offer {
  const { fleet } = useLive.getState();
  const scope = usePlace.getState().place.view === 'fleet' ? scopeNow() : null;
  const about = scope === null ? null : aboutOf(scope);
  const actions = scope === null ? [] : ACTIONS.filter((action) => action.shown(scope)).map((action): Candidate => {
    const label = action.label(scope);
    const item = (): Item => ({ id: action.id, icon: action.icon, label, detail: about, keys: action.ctrl ?? action.keys, group: 'row', verdict: action.when(scope), run: () => action.run(scope, middle()) });
    return { id: action.id, text: `${label} ${about}`.toLowerCase(), item };
  });
  const ofLeaf = scope === null ? [] : leafEntries(scope).map((entry): Candidate => ({ id: entry.id, text: `${entry.label} ${about}`.toLowerCase(), item: () => ({ ...entry, detail: about, group: 'row' }) }));
  const commands = [...actions, ...ofLeaf, ...FLEET_COMMANDS.map((one) => ofCommand(one, 'fleet')), ...WINDOW_COMMANDS.filter(({ id }) => id !== 'commands').map((one) => ofCommand(one, 'window'))];
  return { commands, candidates: [...commands, ...placesOf(fleet)], scopeName: about };
}

function ofCommand(one: Command, group: Group): Candidate {
  const label = one.label();
  return { id: one.id, text: label.toLowerCase(), item: () => ({ id: one.id, icon: one.icon, label, detail: null, keys: one.keys, group, verdict: one.when(), run: () => one.run() }) };
}

function placesOf(fleet: FleetPicture): Candidate[] {
  const nameOf = (cluster: string) => fleet.clusters.get(clusterKey(cluster))?.name ?? '';
  const place = (id: string, icon: LucideIcon, label: string, detail: string, more = ''): Candidate => ({
    id, text: `${label} ${more}`.toLowerCase(),
    item: () => ({ id, icon, label, detail, keys: null, group: 'places', verdict: ABLE, run: () => reveal(id) }),
  });
  return [
    ...[...fleet.clusters].map(([key, row]) => place(key, Boxes, row.name, text.kinds.cluster)),
    ...[...fleet.nodes].map(([key, row]) => place(key, Server, row.key.node, `${text.kinds.node} · ${nameOf(row.key.cluster)}`)),
    ...[...fleet.guests].map(([key, row]) => place(key, Box, row.name, `${row.vmid} · ${text.at(row.node, nameOf(row.cluster))}`, String(row.vmid))),
  ];
}

const RECENT = 450;

export interface Found {
  items: Item[];
  more: boolean;
}

/** The best answers; with nothing typed what was used before, then the commands as they stand. */
export function find(offer: Offer, query: string, recent: readonly string[]): Found {
  if (query.trim() === '') {
    const before = recent.flatMap((id) => offer.candidates.find((one) => one.id === id) ?? []).slice(0, 5).map(({ item }): Item => ({ ...item(), group: 'recent' }));
    const used = new Set(before.map(({ id }) => id));
    return { items: [...before, ...offer.commands.filter(({ id }) => !used.has(id)).map(({ item }) => item())], more: false };
  }
  const { found, more } = best(offer.candidates, query, MOST, (one) => one.text, ({ id }) => (recent.includes(id) ? RECENT - recent.indexOf(id) : 0));
  return { items: found.map(({ item }) => item()), more };
}
