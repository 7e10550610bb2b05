// What is done to the whole fleet, or, behind a filter, to everything that is shown.
import { CircleArrowUp, Container, Layers, Plus, Radar, ShieldAlert, SquareArrowUp } from 'lucide-react';
import { go, usePlace } from '../app/place';
import { fail } from '../app/notices';
import type { GuestRow } from '../bindings/GuestRow';
import type { Target } from '../bindings/Target';
import type { UpdateFilter } from '../bindings/UpdateFilter';
import { checkImages, useChecking } from '../images/checking';
import { renewAll, whyNotAll } from '../images/renewing';
import type { FleetPicture } from '../live/fleet';
import { prefer } from '../live/preferences';
import { useLive } from '../live/store';
import { makePlan } from '../plan/state';
import { matchesNow, shownGuests, useTreeView } from '../tree/view';
import { openWizard } from '../wizard/open';
import { words } from '../words/en';
import { pending, type Reason, whyNoScan } from './able';
import type { Command } from './command';
import { scan, scanTargets } from './registry';
import { ABLE, type Verdict } from './verdict';

const text = words.commands.fleet;
const FLEET: Target[] = [{ kind: 'fleet' }];

/** The filter narrows only where it can be seen. */
export const withinNow = (): string => (usePlace.getState().place.view === 'fleet' ? useTreeView.getState().filter : '');

export const isNarrow = (fleet: FleetPicture, within: string): boolean => matchesNow(fleet, within) !== null;

function guestsOf(fleet: FleetPicture, within: string): Iterable<GuestRow> {
  return isNarrow(fleet, within) ? shownGuests() : fleet.guests.values();
}

function any(fleet: FleetPicture, within: string): boolean {
  return (isNarrow(fleet, within) ? (matchesNow(fleet, within)?.guests ?? 0) : fleet.guests.size) > 0;
}

/** Updates known to be current. */
export function updatesIn(fleet: FleetPicture, within: string, kind: 'total' | 'security' = 'total'): number {
  if (!isNarrow(fleet, within)) return fleet.totals.updates[kind];
  return shownGuests().reduce((sum, guest) => sum + (guest.old ? 0 : (pending(guest)?.[kind] ?? 0)), 0);
}

export function whyNoScanIn(fleet: FleetPicture, within: string): Reason {
  if (!any(fleet, within)) return words.top.nothingShown;
  for (const guest of guestsOf(fleet, within)) if (whyNoScan(guest) === null) return null;
  return words.top.nothingToScan;
}

export function whyNoUpdateIn(fleet: FleetPicture, within: string): Reason {
  if (!any(fleet, within)) return words.top.nothingShown;
  return updatesIn(fleet, within) === 0 ? words.top.nothingToUpdate : null;
}

export function whyNoSecurityIn(fleet: FleetPicture, within: string): Reason {
  if (!any(fleet, within)) return words.top.nothingShown;
  return updatesIn(fleet, within, 'security') === 0 ? text.noSecurity : null;
}

const narrowNow = (): boolean => isNarrow(useLive.getState().fleet, withinNow());

export function scanAll(): void {
  if (!narrowNow()) return void scan(words.top.fleet, FLEET);
  void scan(words.lxcs(shownGuests().length), scanTargets({ one: null, guests: shownGuests(), targets: [] }));
}

export function updateAll(only: UpdateFilter = { kind: 'all' }): void {
  const targets: Target[] = narrowNow() ? shownGuests().map((guest) => ({ kind: 'guest', guest: guest.id })) : FLEET;
  void makePlan({ kind: 'update', targets, only });
}

/** The list of everything that waits, package by package. */
export function viewByUpdateType(): void {
  void prefer(() => ({ grouping: 'updateType' }));
  go({ view: 'fleet' });
}

async function checkAll(): Promise<void> {
  const problem = await checkImages();
  if (problem !== null) fail(problem);
}

const ifNot = (why: Reason): Verdict => (why === null ? ABLE : { able: false, why });
const judged = (why: (fleet: FleetPicture, within: string) => Reason) => (): Verdict => {
  const verdict = ifNot(why(useLive.getState().fleet, withinNow()));
  return verdict.able && narrowNow() ? { able: true, note: text.narrow } : verdict;
};

export const FLEET_COMMANDS: readonly Command[] = [
  {
    id: 'scan-all', icon: Radar, keys: null, label: () => (narrowNow() ? words.top.scanShown : words.top.scanAll),
    when: judged(whyNoScanIn), run: scanAll,
  },
  {
    id: 'update-all', icon: CircleArrowUp, keys: null, label: () => text.updateAll, short: () => (narrowNow() ? text.shown : text.all),
    when: judged(whyNoUpdateIn), run: () => updateAll(),
  },
  {
    id: 'security-all', icon: ShieldAlert, keys: null, label: () => text.securityAll, short: () => text.security,
    when: judged(whyNoSecurityIn), run: () => updateAll({ kind: 'security' }),
  },
  {
    id: 'images-all', icon: SquareArrowUp, keys: null, label: () => text.imagesAll, short: () => text.images,
    when: () => ifNot(whyNotAll(useLive.getState().fleet)), run: renewAll,
  },
  {
    id: 'by-update-type', icon: Layers, keys: null, label: () => text.byType,
    when: () => ifNot(useLive.getState().fleet.guests.size === 0 ? words.actions.why.none : null), run: viewByUpdateType,
  },
  {
    id: 'check-all-images', icon: Container, keys: null, label: () => text.checkImages,
    when: () => ifNot(useChecking.getState().running ? words.fleetImages.check.running : null), run: () => void checkAll(),
  },
  { id: 'add-cluster', icon: Plus, keys: null, label: () => `${words.fleet.addCluster}…`, when: () => ABLE, run: openWizard },
];
