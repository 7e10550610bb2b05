// Every action on rows, once: the context menu, the shortcut letters and the buttons of the panel read it here.
import { CircleArrowUp, Container, Copy, Info, type LucideIcon, Radar, ShieldAlert, SquareArrowUp, Wrench } from 'lucide-react';
import type { Target } from '../bindings/Target';
import { rpc } from '../host';
import { checkImages, useChecking } from '../images/checking';
import { copyText } from '../parts/copy';
import { openPanel } from '../panel/state';
import { fail, tell } from '../app/notices';
import { words } from '../words/en';
import { isBroken, whyNoImages, whyNoRepair, whyNoScan, whyNoUpdate } from './able';
import { AGENT_ACTIONS, type AgentActionId } from './agents';
import { APPROVAL_ACTIONS, type ApprovalActionId } from './approvals';
import { CLUSTER_ACTIONS, type ClusterActionId } from './clusters';
import { installVerdict } from './leaf';
import type { Point } from './menu';
import { MUTING_ACTIONS, type MutingActionId } from './muting';
import { plan, planPart } from './planning';
import { PROXMOX_ACTIONS, type ProxmoxActionId } from './proxmox';
import type { Scope } from './scope';
import { ABLE, type Verdict, verdict } from './verdict';

export type { Verdict } from './verdict';

export type ActionId =
  | 'scan' | 'check-images' | 'update-images' | 'repair' | 'update' | 'security' | 'details' | 'copy-name' | 'copy-address'
  | AgentActionId | ApprovalActionId | ClusterActionId | MutingActionId | ProxmoxActionId;

export interface Action {
  id: ActionId;
  icon: LucideIcon;
  /** Letter that works while the tree has the focus; a capital one with Shift. */
  letter: string | null;
  /** Shown at the right of the menu. */
  keys: string | null;
  /** Does the same from anywhere in the fleet, also where letters are switched off. Every letter has one. */
  ctrl?: string;
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

/** Installing everything, or all that is security, makes no sense in a group that is about something else. */
const wholeOnly = ({ part }: Scope): boolean => part === null;

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
    id: 'scan', icon: Radar, letter: 's', keys: 'S', ctrl: 'Ctrl Shift S', group: 1, shown: always,
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
    id: 'update', icon: CircleArrowUp, letter: 'u', keys: 'U', ctrl: 'Ctrl U', group: 1, shown: (scope) => scope.part?.images !== true,
    label: ({ leaf, part }) => (leaf !== null ? text.updateThis : part !== null && part.only.kind !== 'all' ? text.updatePart : text.update),
    when: (scope) => (scope.leaf === null ? verdict(scope, (guest) => whyNoUpdate(guest, false, scope.clusterOf(guest)) ?? scope.part?.whyNot(guest) ?? null, text.can.update) : installVerdict(scope, scope.leaf)),
    run: planPart('update'),
  },
  {
    id: 'security', icon: ShieldAlert, letter: null, keys: null, group: 1, shown: wholeOnly,
    label: () => text.security,
    when: (scope) => verdict(scope, (guest) => whyNoUpdate(guest, true, scope.clusterOf(guest)), text.can.security),
    run: plan('update', { kind: 'security' }),
  },
  {
    id: 'update-images', icon: SquareArrowUp, letter: null, keys: null, group: 1, shown: (scope) => scope.part === null || scope.part.images,
    label: ({ leaf }) => (leaf === null ? words.renewal.action : words.renewal.this),
    when: (scope) => verdict(scope, (guest) => whyNoImages(guest, scope.clusterOf(guest)) ?? scope.part?.whyNot(guest) ?? null, words.renewal.can),
    run: planPart('updateImages'),
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
  ...AGENT_ACTIONS,
  ...CLUSTER_ACTIONS,
  {
    id: 'details', icon: Info, letter: null, keys: 'Enter', group: 4, shown: always,
    label: () => text.details,
    when: () => ABLE,
    run: () => openPanel(true),
  },
  ...PROXMOX_ACTIONS,
  ...MUTING_ACTIONS,
  {
    id: 'copy-name', icon: Copy, letter: null, keys: null, group: 4, shown: always,
    label: (scope) => (scope.one === null ? text.copyNames : text.copyName),
    when: () => ABLE,
    run: (scope) => void copyText(scope.leaf?.name ?? scope.one?.name ?? scope.guests.map((guest) => guest.name).join('\n')),
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
