// Approving and installing by severity: below a row of the tree, and of a section of the list of all updates.
import { CircleArrowUp, CircleMinus, ListChecks } from 'lucide-react';
import { whyNoInstall } from '../actions/able';
import { approve } from '../actions/approving';
import { type Entry, openSecond, type Point } from '../actions/menu';
import { nameOf, type Scope, scopeOfGuests } from '../actions/scope';
import { ABLE, type Verdict, verdict } from '../actions/verdict';
import type { FleetUpdate } from '../bindings/FleetUpdate';
import type { Severity } from '../bindings/Severity';
import type { UpdateFilter } from '../bindings/UpdateFilter';
import type { UpdateGroup } from '../bindings/UpdateGroup';
import { rpc } from '../host';
import { useLive } from '../live/store';
import { makePlan } from '../plan/state';
import { words } from '../words/en';
import { rowsOf, targetsOf } from './entries';
import { approvable, ORDER } from './groups';

const text = words.severity;

/** The pending updates of a severity. A group may have several: the gravest stands at its head. */
const of = (groups: readonly UpdateGroup[], severity: Severity): FleetUpdate[] => groups.flatMap((group) => group.updates).filter((update) => update.severity === severity);

const lxcsOf = (updates: readonly FleetUpdate[]): number => new Set(updates.map((update) => update.guest)).size;

/** Why none of these can be approved or installed. */
function whyNone(updates: readonly FleetUpdate[]): string | null {
  if (updates.length === 0) return text.hidden;
  if (updates.every((update) => update.old)) return words.fleetUpdates.old;
  return updates.some(approvable) ? null : text.aside;
}

interface Pair {
  severity: Severity;
  /** All of that severity that are meant; those that cannot be approved are passed over. */
  updates: readonly FleetUpdate[];
  labels: { approve: string; install: string };
  /** Why neither can be done now. */
  hindrance: string | null;
  note: string | null;
  group: number;
}

/** Exactly the LXCs that were counted are named: Rust must not approve more than the menu says. */
function pair({ severity, updates, labels, hindrance, note, group }: Pair): Entry[] {
  const open = updates.filter(approvable);
  const fresh = open.filter((update) => !update.approved);
  const only: UpdateFilter = { kind: 'severities', severities: [severity] };
  const why = hindrance ?? whyNone(updates);
  const scope = scopeOfGuests(useLive.getState().fleet, rowsOf(open));
  const cannot = (why: string): Verdict => ({ able: false, why });
  const install = why === null ? verdict(scope, (guest) => whyNoInstall(guest, scope.clusterOf(guest)), text.can) : cannot(why);
  const approval = why !== null ? cannot(why) : fresh.length === 0 ? cannot(words.approvals.why.already) : ABLE;
  return [
    { id: `approve-${severity}`, icon: ListChecks, label: labels.approve, keys: null, group, verdict: noted(approval, note), run: () => void approve(targetsOf(fresh), only) },
    { id: `install-${severity}`, icon: CircleArrowUp, label: labels.install, keys: null, group, verdict: noted(install, note), run: () => void makePlan({ kind: 'update', targets: targetsOf(open), only }) },
  ];
}

function noted(verdict: Verdict, note: string | null): Verdict {
  if (!verdict.able || note === null) return verdict;
  return { able: true, note: [verdict.note, note].filter((one) => one !== null).join('. ') };
}

export function openSeverities(scope: Scope, at: Point = { x: 0, y: 0 }): Promise<void> {
  return openSecond(at, text.head(nameOf(scope, scope.targets)), async () => severityEntries(scope, (await rpc('fleet_updates', {})).groups));
}

/** Two entries for each severity that is open below the scope, the most urgent first. */
export function severityEntries(scope: Scope, groups: readonly UpdateGroup[]): Entry[] {
  const below = new Set(scope.guests.map((guest) => guest.id));
  const mine = groups.map((group) => ({ ...group, updates: group.updates.filter((update) => below.has(update.guest)) }));
  const entries = ORDER.flatMap((severity, group) => {
    const updates = of(mine, severity).filter(approvable);
    if (updates.length === 0) return [];
    const fresh = updates.filter((update) => !update.approved).length;
    const note = severity === 'securityUnrated' ? text.unrated : severity === 'unknown' ? text.unknown : null;
    const labels = { approve: text.approve(fresh > 0 ? fresh : updates.length, severity), install: text.install(updates.length, severity) };
    return pair({ severity, updates, labels, hindrance: null, note, group });
  });
  if (entries.length > 0) return entries;
  const why = mine.some((group) => group.updates.length > 0) ? text.noneOpen : text.nonePending;
  return [{ id: 'no-severity', icon: CircleMinus, label: text.none, keys: null, group: 1, verdict: { able: false, why }, run: () => undefined }];
}

/** For a whole section. `found` is what the search shows of `all`. */
export function sectionEntries(severity: Severity, found: readonly UpdateGroup[], all: readonly UpdateGroup[]): Entry[] {
  const updates = of(found, severity);
  const open = updates.filter(approvable);
  // By severity means all of an LXC: what the search hides there would come along unseen.
  const [shown, lxcs] = [new Set(open), new Set(open.map((update) => update.guest))];
  const hides = of(all, severity).some((update) => approvable(update) && lxcs.has(update.guest) && !shown.has(update));
  const note = open.length === 0 ? null : text.on(open.length, lxcs.size);
  return pair({ severity, updates, labels: { approve: text.approveAll, install: text.installAll }, hindrance: hides ? text.hidden : null, note, group: 1 });
}

/** `High · 2 updates on 2 LXCs`, of now. */
export function sectionHead(name: string, severity: Severity, found: readonly UpdateGroup[]): string {
  const now = of(found, severity).filter((update) => !update.old);
  return text.headOf(name, now.length, lxcsOf(now));
}
