// Every action on rows, once: the context menu, the shortcut letters and the buttons of the panel read it here.
import { CircleArrowUp, CircleFadingArrowUp, CircleMinus, ClipboardPaste, Container, Copy, Info, KeyRound, type LucideIcon, Plug, Radar, RotateCw, ShieldAlert, SquareArrowUp, Wrench } from 'lucide-react';
import type { GuestRow } from '../bindings/GuestRow';
import type { OperationKind } from '../bindings/OperationKind';
import type { Target } from '../bindings/Target';
import type { UpdateFilter } from '../bindings/UpdateFilter';
import { rpc } from '../host';
import { checkImages, useChecking } from '../images/checking';
import { copyText } from '../parts/copy';
import { openPanel } from '../panel/state';
import { openPaste } from '../paste/state';
import { makePlan } from '../plan/state';
import { fail, tell } from '../app/notices';
import { openAccess } from '../wizard/open';
import { words } from '../words/en';
import { whyNoAgent, whyNoImages, whyNoPaste, whyNoRepair, whyNoScan, whyNotTheAgent, whyNoUpdate, whyNoUpgrade, isBroken, isOlder } from './able';
import { APPROVAL_ACTIONS, type ApprovalActionId } from './approvals';
import { CLUSTER_ACTIONS, type ClusterActionId } from './clusters';
import type { Point } from './menu';
import type { Scope } from './scope';
import { ABLE, type Verdict, verdict } from './verdict';

export type { Verdict } from './verdict';

export type ActionId =
  | 'scan' | 'check-images' | 'update-images' | 'repair' | 'enrol' | 'paste-agent' | 'restart-agent' | 'remove-agent' | 'upgrade-agent' | 'update' | 'security' | 'details' | 'access' | 'copy-name' | 'copy-address'
  | ApprovalActionId | ClusterActionId;

export interface Action {
  id: ActionId;
  icon: LucideIcon;
  /** Letter that works while the tree has the focus; a capital one with Shift. */
  letter: string | null;
  /** Shown at the right of the menu. */
  keys: string | null;
  group: 1 | 2 | 3 | 4;
  label(scope: Scope): string;
  /** Not shown at all where it makes no sense, such as node access of a guest. */
  shown(scope: Scope): boolean;
  when(scope: Scope): Verdict;
  /** `at` is where the menu stands, for a second list. */
  run(scope: Scope, at?: Point): void;
}

const text = words.actions;
const always = () => true;

function plan(kind: Exclude<OperationKind, 'scan'>, only: UpdateFilter = { kind: 'all' }) {
  return (scope: Scope) => void makePlan({ kind, targets: scope.targets, only });
}

/** A cluster, a node or a selection: its agents, not one agent. */
const many = (scope: Scope): boolean => scope.one?.kind !== 'guest';

const noAgent = (scope: Scope) => (guest: GuestRow) => whyNoAgent(guest, scope.nodeOf(guest), scope.clusterOf(guest));
const notTheAgent = (scope: Scope) => (guest: GuestRow) => whyNotTheAgent(guest, scope.nodeOf(guest), scope.clusterOf(guest));

/** Of those that can get an agent, what is special: some would have to be started, one may have an agent that is silent. */
function enrolVerdict(scope: Scope): Verdict {
  const verdictOfAll = verdict(scope, noAgent(scope), text.can.enrol);
  if (!verdictOfAll.able) return verdictOfAll;
  const able = scope.guests.filter((guest) => noAgent(scope)(guest) === null);
  const stopped = able.filter((guest) => guest.power === 'stopped').length;
  const [first] = able;
  const repaired = able.length === 1 && first?.agent.kind === 'offline';
  const notes = [verdictOfAll.note, stopped > 0 ? text.wouldStart(stopped, able.length) : null, repaired ? text.repair : null].filter((note) => note !== null);
  return { able: true, note: notes.length === 0 ? null : notes.join('. ') };
}

export async function scan(name: string, targets: Target[]): Promise<void> {
  try {
    await rpc('start_scan', { targets });
    tell(text.scanStarted(name));
  } catch (thrown) {
    fail(thrown);
  }
}

/** Of several guests those that can be scanned; a cluster or node goes to Rust as it is. */
export function scanTargets(scope: Pick<Scope, 'one' | 'guests' | 'targets'>): Target[] {
  if (scope.one !== null) return scope.targets;
  return scope.guests.filter((guest) => whyNoScan(guest) === null).map((guest) => ({ kind: 'guest', guest: guest.id }));
}

/** Registries are asked about all images of the fleet; a row only says that there is something to ask about. */
function checkVerdict(scope: Scope): Verdict {
  const say = words.fleetImages.check;
  if (useChecking.getState().running) return { able: false, why: say.running };
  return scope.guests.some((guest) => guest.images !== null && guest.images.total > 0) ? { able: true, note: say.note } : { able: false, why: words.images.nothing };
}

async function checkAll(): Promise<void> {
  const problem = await checkImages();
  if (problem !== null) fail(problem);
}

export const ACTIONS: readonly Action[] = [
  {
    id: 'scan', icon: Radar, letter: 's', keys: 'S', group: 1, shown: always,
    label: () => text.scan,
    when: (scope) => verdict(scope, (guest) => whyNoScan(guest, scope.clusterOf(guest)), text.can.scan),
    run: (scope) => void scan(scope.name, scanTargets(scope)),
  },
  {
    // Drawn only where there is a container engine.
    id: 'check-images', icon: Container, letter: null, keys: null, group: 1,
    shown: (scope) => scope.guests.some((guest) => guest.images !== null),
    label: () => words.fleetImages.check.action,
    when: checkVerdict,
    run: () => void checkAll(),
  },
  {
    id: 'update', icon: CircleArrowUp, letter: 'u', keys: 'U', group: 1, shown: always,
    label: () => text.update,
    when: (scope) => verdict(scope, (guest) => whyNoUpdate(guest, false, scope.clusterOf(guest)), text.can.update),
    run: plan('update'),
  },
  {
    id: 'security', icon: ShieldAlert, letter: null, keys: null, group: 1, shown: always,
    label: () => text.security,
    when: (scope) => verdict(scope, (guest) => whyNoUpdate(guest, true, scope.clusterOf(guest)), text.can.security),
    run: plan('update', { kind: 'security' }),
  },
  {
    id: 'update-images', icon: SquareArrowUp, letter: null, keys: null, group: 1, shown: always,
    label: () => words.renewal.action,
    when: (scope) => verdict(scope, (guest) => whyNoImages(guest, scope.clusterOf(guest)), words.renewal.can),
    run: plan('updateImages'),
  },
  ...APPROVAL_ACTIONS,
  {
    // Drawn only where something is broken.
    id: 'repair', icon: Wrench, letter: null, keys: null, group: 1,
    shown: (scope) => scope.guests.some(isBroken),
    label: () => words.repair.action,
    when: (scope) => verdict(scope, (guest) => whyNoRepair(guest, scope.clusterOf(guest)), words.repair.can),
    run: plan('repair'),
  },
  {
    id: 'enrol', icon: Plug, letter: 'i', keys: 'I', group: 2, shown: always,
    label: (scope) => text.enrol(many(scope)),
    when: enrolVerdict,
    run: plan('enrol'),
  },
  {
    id: 'paste-agent', icon: ClipboardPaste, letter: null, keys: null, group: 2, shown: always,
    label: (scope) => words.paste.action(many(scope)),
    when: (scope) => verdict(scope, (guest) => whyNoPaste(guest, scope.clusterOf(guest)), words.paste.can),
    run: (scope) => void openPaste(scope.targets),
  },
  {
    id: 'restart-agent', icon: RotateCw, letter: 'R', keys: 'Shift R', group: 2, shown: always,
    label: (scope) => text.restart(many(scope)),
    when: (scope) => verdict(scope, notTheAgent(scope), text.can.restart),
    run: plan('restartAgent'),
  },
  {
    // Drawn only where there is something to upgrade, which is seldom.
    id: 'upgrade-agent', icon: CircleFadingArrowUp, letter: null, keys: null, group: 2,
    shown: (scope) => scope.guests.some(isOlder),
    label: (scope) => text.upgradeAgent(many(scope)),
    when: (scope) => verdict(scope, (guest) => whyNoUpgrade(guest, scope.clusterOf(guest)), text.can.upgradeAgent),
    run: plan('upgradeAgent'),
  },
  {
    id: 'remove-agent', icon: CircleMinus, letter: null, keys: null, group: 2, shown: always,
    label: (scope) => text.removeAgent(many(scope)),
    when: (scope) => verdict(scope, notTheAgent(scope), text.can.removeAgent),
    run: plan('removeAgent'),
  },
  {
    id: 'access', icon: KeyRound, letter: null, keys: null, group: 2,
    shown: (scope) => scope.one?.kind === 'cluster' || scope.one?.kind === 'node',
    label: () => text.access,
    when: () => ABLE,
    run: (scope) => scope.one !== null && openAccess(scope.one.cluster, scope.one.kind === 'node' ? scope.one.name : null),
  },
  ...CLUSTER_ACTIONS,
  {
    id: 'details', icon: Info, letter: null, keys: 'Enter', group: 4, shown: always,
    label: () => text.details,
    when: () => ABLE,
    run: () => openPanel(true),
  },
  {
    id: 'copy-name', icon: Copy, letter: null, keys: null, group: 4, shown: always,
    label: (scope) => (scope.one === null ? text.copyNames : text.copyName),
    when: () => ABLE,
    run: (scope) => void copyText(scope.one?.name ?? scope.guests.map((guest) => guest.name).join('\n')),
  },
  {
    id: 'copy-address', icon: Copy, letter: null, keys: null, group: 4, shown: always,
    label: (scope) => (scope.one === null ? text.copyAddresses : text.copyAddress),
    when: (scope) => (addresses(scope).length > 0 ? ABLE : { able: false, why: text.why.noAddress }),
    run: (scope) => void copyText(addresses(scope).join('\n')),
  },
];

function addresses(scope: Scope): string[] {
  if (scope.one !== null) return scope.one.address === null ? [] : [scope.one.address];
  return scope.guests.flatMap((guest) => guest.address ?? []);
}

export function action(id: ActionId): Action {
  const found = ACTIONS.find((action) => action.id === id);
  if (found === undefined) throw new Error(`there is no action ${id}`);
  return found;
}
