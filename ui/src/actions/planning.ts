// What an action on a row does when it begins with a plan.
import type { OperationKind } from '../bindings/OperationKind';
import type { UpdateFilter } from '../bindings/UpdateFilter';
import { makePlan } from '../plan/state';
import type { Scope } from './scope';

export function plan(kind: Exclude<OperationKind, 'scan'>, only: UpdateFilter = { kind: 'all' }) {
  return (scope: Scope) => void makePlan({ kind, targets: scope.targets, only });
}

/** Of a group of the tree only what the group is about, in those LXCs that can get it. */
export function planPart(kind: 'update' | 'updateImages') {
  return (scope: Scope) => void makePlan({ kind, targets: scope.part?.targets ?? scope.targets, only: scope.part?.only ?? { kind: 'all' } });
}
