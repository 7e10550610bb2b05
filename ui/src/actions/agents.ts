// Actions on agents, on the LXCs as such, and on the way into them.
import { CircleFadingArrowUp, CircleMinus, ClipboardPaste, KeyRound, Plug, Power, RotateCw } from 'lucide-react';
import type { GuestRow } from '../bindings/GuestRow';
import { openPaste } from '../paste/state';
import { openAccess } from '../wizard/open';
import { words } from '../words/en';
import { isOlder, whyNoAgent, whyNoPaste, whyNoRestart, whyNotTheAgent, whyNoUpgrade } from './able';
import { plan } from './planning';
import type { Action } from './registry';
import type { Scope } from './scope';
import { ABLE, type Verdict, verdict } from './verdict';

export type AgentActionId = 'enrol' | 'paste-agent' | 'restart-agent' | 'remove-agent' | 'upgrade-agent' | 'restart-guest' | 'access';

const text = words.actions;
const always = () => true;

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

export const AGENT_ACTIONS: readonly Action[] = [
  {
    id: 'enrol', icon: Plug, letter: 'i', keys: 'I', ctrl: 'Ctrl I', group: 2, shown: always,
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
    id: 'restart-agent', icon: RotateCw, letter: 'R', keys: 'Shift R', ctrl: 'Ctrl Shift R', group: 2, shown: always,
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
    id: 'restart-guest', icon: Power, letter: null, keys: null, group: 2, shown: always,
    label: (scope) => words.restart.action(many(scope)),
    when: (scope) => verdict(scope, (guest) => whyNoRestart(guest, scope.clusterOf(guest)), words.restart.can),
    run: plan('restartGuest'),
  },
  {
    id: 'access', icon: KeyRound, letter: null, keys: null, group: 2,
    shown: (scope) => scope.one?.kind === 'cluster' || scope.one?.kind === 'node',
    label: () => text.access,
    when: () => ABLE,
    run: (scope) => scope.one !== null && openAccess(scope.one.cluster, scope.one.kind === 'node' ? scope.one.name : null),
  },
];
