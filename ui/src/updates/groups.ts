// The updates of the fleet as a flat list of rows: sections, source packages, and below an opened one its LXCs. Pure.
import type { FleetUpdate } from '../bindings/FleetUpdate';
import type { Severity } from '../bindings/Severity';
import type { UpdateGroup } from '../bindings/UpdateGroup';

export type GroupBy = 'source' | 'severity' | 'origin';

/** The most urgent first. Those without a grade come last, though nobody knows how urgent they are. */
export const ORDER: readonly Severity[] = ['critical', 'high', 'medium', 'low', 'securityUnrated', 'unknown'];
const rank = (severity: Severity): number => ORDER.indexOf(severity);
const names = new Intl.Collator('en', { numeric: true, sensitivity: 'base' });

export const keyOf = (group: UpdateGroup): string => `${group.origin}/${group.source}`;

export type Row =
  | { kind: 'section'; key: string; by: Exclude<GroupBy, 'source'>; of: string; updates: number; sources: number }
  | { kind: 'group'; key: string; group: UpdateGroup; open: boolean }
  | { kind: 'update'; key: string; group: UpdateGroup; update: FleetUpdate };

/** Every word must be found: in the group or in one of its updates, which then are all that is shown of it. */
export function search(groups: readonly UpdateGroup[], text: string): readonly UpdateGroup[] {
  const wanted = text.toLowerCase().split(/\s+/).filter(Boolean);
  if (wanted.length === 0) return groups;
  return groups.flatMap((group) => {
    const updates = group.updates.filter((one) => {
      const said = [group.source, group.origin, one.package, one.name, one.vmid, one.node, one.cluster, one.installed, one.candidate].join(' ').toLowerCase();
      return wanted.every((word) => said.includes(word));
    });
    return updates.length === 0 ? [] : [{ ...group, updates }];
  });
}

export function rowsOf(groups: readonly UpdateGroup[], by: GroupBy, open: ReadonlySet<string>): Row[] {
  const sorted = groups.toSorted((a, b) => rank(a.severity) - rank(b.severity) || names.compare(a.source, b.source));
  if (by === 'source') return sorted.flatMap((group) => below(group, open));
  const sections = new Map<string, UpdateGroup[]>();
  for (const group of sorted) {
    const of = by === 'severity' ? group.severity : group.origin;
    sections.set(of, [...(sections.get(of) ?? []), group]);
  }
  const order = [...sections.keys()].toSorted((a, b) => (by === 'severity' ? rank(a as Severity) - rank(b as Severity) : names.compare(a, b)));
  return order.flatMap((of) => {
    const inIt = sections.get(of) ?? [];
    const updates = inIt.reduce((sum, group) => sum + live(group).length, 0);
    return [{ kind: 'section', key: `section:${of}`, by, of, updates, sources: inIt.length } satisfies Row, ...inIt.flatMap((group) => below(group, open))];
  });
}

function below(group: UpdateGroup, open: ReadonlySet<string>): Row[] {
  const key = keyOf(group);
  const row: Row = { kind: 'group', key, group, open: open.has(key) };
  if (!row.open) return [row];
  return [row, ...group.updates.map((update): Row => ({ kind: 'update', key: `${key}/${update.guest}/${update.package}:${update.arch}`, group, update }))];
}

/** Of now. What is known from an earlier time only is never part of a sum. */
export const live = (group: UpdateGroup): FleetUpdate[] => group.updates.filter((update) => !update.old);

/** What an update of everything would not install. */
export const setAside = (update: FleetUpdate): boolean => update.blocked !== null || update.rule !== null;

/** Approving an ignored one means to name it, which is done one by one. */
export const approvable = (update: FleetUpdate): boolean => !update.old && !setAside(update);

export interface Sums {
  /** LXCs of now, and those known from an earlier time only. */
  lxcs: number;
  old: number;
  packages: readonly string[];
  approved: number;
  /** All of now are held, kept back, ignored or snoozed. */
  aside: number;
  /** The one version before and after, or null where there are several. */
  from: string | null;
  to: string | null;
}

export function sumsOf(group: UpdateGroup): Sums {
  const now = live(group);
  const guests = new Set(now.map((update) => update.guest));
  const past = new Set(group.updates.filter((update) => update.old && !guests.has(update.guest)).map((update) => update.guest));
  const only = (values: readonly string[]): string | null => (new Set(values).size === 1 ? (values[0] ?? null) : null);
  return {
    lxcs: guests.size,
    old: past.size,
    packages: [...new Set(group.updates.map((update) => update.package))],
    approved: now.filter((update) => update.approved).length,
    aside: now.filter(setAside).length,
    from: only(group.updates.map((update) => update.installed)),
    to: only(group.updates.map((update) => update.candidate)),
  };
}
