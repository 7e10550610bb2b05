// Actions on a cluster itself: asked again, tested, edited, given another token, switched off, removed.
import { FileCheck, KeySquare, PencilLine, RefreshCw, ToggleRight, Trash2, Unplug } from 'lucide-react';
import type { Link } from '../bindings/Link';
import { discoverNow, openDialog, switchCluster } from '../clusters/state';
import { words } from '../words/en';
import type { Action } from './registry';
import type { One, Scope } from './scope';
import { ABLE } from './verdict';

export type ClusterActionId = 'discover' | 'test' | 'edit' | 'rotate' | 'compare' | 'switch' | 'remove';

const text = words.cluster.actions;

const ofCluster = (scope: Scope): boolean => scope.one?.kind === 'cluster';
const linkOf = (scope: Scope): Link['kind'] => (scope.one === null ? 'unknown' : (scope.clusterOf(scope.one)?.link.kind ?? 'unknown'));
const isOff = (scope: Scope): boolean => linkOf(scope) === 'disabled';

function on(scope: Scope, work: (one: One) => void): void {
  if (scope.one !== null) work(scope.one);
}

const common = { letter: null, keys: null, group: 3, shown: ofCluster, when: () => ABLE } as const;

export const CLUSTER_ACTIONS: readonly Action[] = [
  {
    ...common, id: 'discover', icon: RefreshCw,
    label: () => text.discover,
    // A refused token is tried again: the right that it lacked may have been granted since.
    when: (scope) => (isOff(scope) ? { able: false, why: text.why.off } : linkOf(scope) === 'certificateChanged' ? { able: false, why: text.why.certificate } : ABLE),
    run: (scope) => on(scope, (one) => void discoverNow(one.cluster, one.name)),
  },
  {
    ...common, id: 'test', icon: Unplug,
    label: () => text.test,
    run: (scope) => on(scope, (one) => openDialog('test', one.cluster)),
  },
  {
    ...common, id: 'compare', icon: FileCheck,
    shown: (scope) => ofCluster(scope) && linkOf(scope) === 'certificateChanged',
    label: () => text.compare,
    run: (scope) => on(scope, (one) => openDialog('compare', one.cluster)),
  },
  {
    ...common, id: 'edit', icon: PencilLine,
    label: () => text.edit,
    run: (scope) => on(scope, (one) => openDialog('edit', one.cluster)),
  },
  {
    ...common, id: 'rotate', icon: KeySquare,
    label: () => text.rotate,
    run: (scope) => on(scope, (one) => openDialog('rotate', one.cluster)),
  },
  {
    ...common, id: 'switch', icon: ToggleRight,
    label: (scope) => (isOff(scope) ? text.on : text.off),
    when: (scope) => (isOff(scope) ? ABLE : { able: true, note: text.offNote }),
    run: (scope) => on(scope, (one) => void switchCluster(one.cluster, one.name, isOff(scope))),
  },
  {
    ...common, id: 'remove', icon: Trash2,
    label: () => text.remove,
    when: (scope) => (scope.guests.some((guest) => guest.activity !== null) ? { able: false, why: text.busy } : ABLE),
    run: (scope) => on(scope, (one) => openDialog('remove', one.cluster)),
  },
];
