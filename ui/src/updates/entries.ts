// What can be done to one source package over the whole fleet.
import { CircleArrowUp, FileText, ListChecks } from 'lucide-react';
import { whyNoInstall, whyNoScan } from '../actions/able';
import { approveEach } from '../actions/approving';
import type { Entry } from '../actions/menu';
import { scopeOfGuests } from '../actions/scope';
import { ABLE, type Verdict, verdict } from '../actions/verdict';
import type { FleetUpdate } from '../bindings/FleetUpdate';
import type { GuestRow } from '../bindings/GuestRow';
import type { Target } from '../bindings/Target';
import type { UpdateGroup } from '../bindings/UpdateGroup';
import { openChangelog } from '../changelog/state';
import { clusterKey, guestKey } from '../live/fleet';
import { useLive } from '../live/store';
import { ruleEntries } from '../panel/ruling';
import { makePlan } from '../plan/state';
import { words } from '../words/en';
import { approvable, live } from './groups';

const text = words.fleetUpdates;

export const targetsOf = (updates: readonly FleetUpdate[]): Target[] => [...new Set(updates.map((update) => update.guest))].map((guest) => ({ kind: 'guest', guest }));
const namesOf = (updates: readonly FleetUpdate[]): string[] => [...new Set(updates.map((update) => update.package))];

export function rowsOf(updates: readonly FleetUpdate[]): GuestRow[] {
  const { guests } = useLive.getState().fleet;
  return [...new Set(updates.map((update) => update.guest))].flatMap((guest) => guests.get(guestKey(guest)) ?? []);
}

/** Approves these everywhere where they are of now and not set aside. */
export function approveAll(updates: readonly FleetUpdate[]): void {
  const open = updates.filter((update) => approvable(update) && !update.approved);
  // A name that one LXC ignores must not be named to it because another one has it: LXCs with the same names go together.
  const together = new Map<string, FleetUpdate[]>();
  for (const guest of new Set(open.map((update) => update.guest))) {
    const own = open.filter((update) => update.guest === guest);
    const names = namesOf(own).toSorted().join(' ');
    together.set(names, [...(together.get(names) ?? []), ...own]);
  }
  void approveEach([...together.values()].map((same) => ({ targets: targetsOf(same), only: { kind: 'packages', names: namesOf(same) } })));
}

export function whyNotApprovable(group: UpdateGroup): string | null {
  const now = live(group);
  if (now.length === 0) return text.old;
  const open = now.filter(approvable);
  if (open.length === 0) return text.held;
  return open.every((update) => update.approved) ? words.approvals.why.already : null;
}

/** A plan names packages for all of its LXCs alike: one that ignores a named package is not part of it, else it would get it. */
function withoutIgnored(now: readonly FleetUpdate[]): FleetUpdate[] {
  const can = now.filter(approvable);
  const names = new Set(namesOf(can));
  const ignoring = new Set(now.filter((update) => (update.rule === 'ignore' || update.rule === 'snooze') && names.has(update.package)).map((update) => update.guest));
  return can.filter((update) => !ignoring.has(update.guest));
}

export function entriesOf(group: UpdateGroup): Entry[] {
  const { fleet } = useLive.getState();
  const now = live(group);
  const installable = withoutIgnored(now);
  const rows = rowsOf(now);
  const scope = scopeOfGuests(fleet, rowsOf(installable));
  const why = whyNotApprovable(group);
  const canInstall: Verdict = installable.length === 0 ? { able: false, why: now.length === 0 ? text.old : text.held } : verdict(scope, (guest) => whyNoInstall(guest, scope.clusterOf(guest)), words.actions.can.update);
  const first = rows.find((guest) => whyNoScan(guest, fleet.clusters.get(clusterKey(guest.cluster))) === null);
  const of = now.find((update) => update.guest === first?.id);
  const clusters = [...new Set(rowsOf(group.updates).map((guest) => guest.cluster))];
  return [
    { id: 'approve-everywhere', icon: ListChecks, label: text.approve, keys: null, group: 1, verdict: why === null ? ABLE : { able: false, why }, run: () => approveAll(now) },
    {
      id: 'install-everywhere', icon: CircleArrowUp, label: text.install, keys: null, group: 1, verdict: canInstall,
      run: () => void makePlan({ kind: 'update', targets: targetsOf(installable), only: { kind: 'packages', names: namesOf(installable) } }),
    },
    {
      id: 'changelog', icon: FileText, label: words.changelog.action, keys: null, group: 1,
      verdict: of === undefined ? { able: false, why: words.changelog.noLxc } : ABLE,
      run: () => of !== undefined && openChangelog({ guest: of.guest, name: of.name, package: of.package }),
    },
    ...ruleEntries(group.source, clusters.map((cluster) => ({ kind: 'cluster', cluster })), namesOf(group.updates), null, text.everywhere(clusters.length)),
  ];
}
