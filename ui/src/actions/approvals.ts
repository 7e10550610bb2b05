// Approving what is pending, installing what was approved, setting the rest aside.
import { ChartNoAxesColumn, ListChecks, Pin, ShieldCheck, SquareCheckBig } from 'lucide-react';
import { installApproved } from '../plan/approved';
import { openSeverities } from '../updates/severities';
import { words } from '../words/en';
import { whyNoApproval, whyNoApproved } from './able';
import { approve } from './approving';
import { openAside, whyNoAside } from './aside';
import { whyNotApproveThis } from './leaf';
import type { Action } from './registry';
import { ABLE, verdict } from './verdict';

export type ApprovalActionId = 'approve' | 'approve-security' | 'install-approved' | 'by-severity' | 'set-aside';

const text = words.approvals;
/** A group of the tree is about some updates of its LXCs: what is about all of them is not offered there. */
const wholeOnly: Action['shown'] = ({ part }) => part === null;
const common = { letter: null, keys: null, group: 1 } as const;

export const APPROVAL_ACTIONS: readonly Action[] = [
  {
    // Drawn only where something is approved. Those without an approval are not part of it, so that nobody is left out for that.
    ...common, id: 'install-approved', icon: SquareCheckBig,
    shown: (scope) => scope.part === null && scope.guests.some((guest) => guest.approved > 0),
    label: () => text.install,
    when: (scope) => verdict({ guests: scope.guests.filter((guest) => guest.approved > 0) }, (guest) => whyNoApproved(guest, scope.clusterOf(guest)), text.can.install),
    run: (scope) => void installApproved(scope.guests.filter((guest) => guest.approved > 0).map((guest) => ({ kind: 'guest', guest: guest.id }))),
  },
  {
    ...common, id: 'approve', icon: ListChecks, letter: 'a', keys: 'A', ctrl: 'Ctrl Shift A', shown: (scope) => scope.part?.images !== true,
    label: ({ leaf, part }) => (leaf !== null ? text.this : part !== null && part.only.kind !== 'all' ? text.part : text.all),
    when: ({ leaf, ...scope }) => verdict(scope, (guest) => (leaf === null ? (whyNoApproval(guest, false, scope.clusterOf(guest)) ?? scope.part?.whyNot(guest) ?? null) : whyNotApproveThis(leaf, guest)), text.can.approve),
    run: (scope) => void approve(scope.part?.targets ?? scope.targets, scope.part?.only ?? { kind: 'all' }),
  },
  {
    ...common, id: 'approve-security', icon: ShieldCheck, shown: wholeOnly,
    label: () => text.security,
    when: (scope) => verdict(scope, (guest) => whyNoApproval(guest, true, scope.clusterOf(guest)), text.can.security),
    run: (scope) => void approve(scope.targets, { kind: 'security' }),
  },
  {
    ...common, id: 'by-severity', icon: ChartNoAxesColumn, shown: wholeOnly,
    label: () => words.severity.action,
    when: (scope) => (scope.guests.length > 0 ? ABLE : { able: false, why: words.actions.why.none }),
    run: (scope, at) => void openSeverities(scope, at),
  },
  {
    ...common, id: 'set-aside', icon: Pin, shown: wholeOnly,
    label: () => words.rules.action,
    when: (scope) => {
      const why = whyNoAside(scope);
      return why === null ? ABLE : { able: false, why };
    },
    run: (scope, at) => void openAside(scope, at),
  },
];
