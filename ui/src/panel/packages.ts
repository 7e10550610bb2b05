// How the packages of a guest are sorted for people.
import type { Blocked } from '../bindings/Blocked';
import type { GuestDetails } from '../bindings/GuestDetails';
import type { Severity } from '../bindings/Severity';
import type { Update } from '../bindings/Update';
import type { Detail } from '../live/details';
import type { Leaf } from '../tree/rows';
import { words } from '../words/en';
import { list } from '../words/format';
import { imageLeaves } from './images';

export function isSecurity(severity: Severity): boolean {
  return severity !== 'unknown';
}

export function blockedWhy(blocked: Blocked): string {
  switch (blocked.kind) {
    case 'keptBack':
      return words.blocked.keptBack(blocked.why);
    case 'removes':
      return words.blocked.removes(list(blocked.packages));
    case 'held':
    case 'phased':
    case 'pinned':
      return words.blocked[blocked.kind];
  }
}

export interface Sorted {
  security: Update[];
  other: Update[];
  blocked: Update[];
}

/** Security first, then the rest, then what would not be installed. Each in the order of the package manager's names. */
export function sorted(updates: readonly Update[]): Sorted {
  const open = updates.filter((update) => update.blocked === null);
  return {
    security: open.filter((update) => isSecurity(update.severity)),
    other: open.filter((update) => !isSecurity(update.severity)),
    blocked: updates.filter((update) => update.blocked !== null),
  };
}

export function sizeOf(updates: readonly Update[]): number {
  return updates.reduce((sum, update) => sum + (update.size ?? 0), 0);
}

const READING: readonly Leaf[] = [{ kind: 'reading' }];
const known = new WeakMap<GuestDetails, readonly Leaf[]>();

/** The rows below an opened guest. The same list for the same details, so that nothing is drawn twice. */
export function leavesOf(detail: Detail | undefined): readonly Leaf[] {
  if (detail === undefined) return READING;
  if (detail.details !== null) {
    const leaves = known.get(detail.details) ?? toLeaves(detail.details);
    known.set(detail.details, leaves);
    return leaves;
  }
  if (detail.problem !== null) return [{ kind: 'problem', message: detail.problem.message }];
  return READING;
}

/** Packages, then images. That there are no packages is worth a row only where there is nothing else. */
function toLeaves(details: GuestDetails): readonly Leaf[] {
  const [packages, images] = [packageLeaves(details), imageLeaves(details)];
  if (images.length === 0) return packages;
  return [...packages.filter((leaf) => leaf.kind !== 'nothing' || leaf.reason !== null), ...images];
}

function packageLeaves(details: GuestDetails): readonly Leaf[] {
  if (details.inventory === null) return [{ kind: 'nothing', reason: words.unknownWhy.notScanned }];
  const { packages } = details.inventory;
  switch (packages.kind) {
    case 'apt': {
      const { security, other, blocked } = sorted(packages.updates);
      const leaves = [...security, ...other, ...blocked].map((update): Leaf => ({ kind: 'update', update }));
      return leaves.length > 0 ? leaves : [{ kind: 'nothing', reason: null }];
    }
    case 'unsupported':
      return [{ kind: 'nothing', reason: packages.reason }];
    case 'failed':
      return [{ kind: 'problem', message: packages.reason }];
  }
}
