// The menu of a row: the actions on it, and for a package what can be done about it beside installing.
import { leafEntries } from './leaf';
import type { Entry, Point } from './menu';
import { type Action, type ActionId, ACTIONS } from './registry';
import type { Scope } from './scope';

/** A menu of one package or image is short: its LXC is one row above. */
const OF_LEAF: ReadonlySet<ActionId> = new Set(['scan', 'update', 'update-images', 'approve', 'details', 'open-proxmox', 'copy-name']);

export function entryOf(action: Action, scope: Scope, at?: Point): Entry {
  return { id: action.id, icon: action.icon, label: action.label(scope), keys: action.keys, group: action.group, verdict: action.when(scope), run: () => action.run(scope, at) };
}

export function entriesOf(scope: Scope, at: Point): Entry[] {
  const shown = ACTIONS.filter((action) => action.shown(scope) && (scope.leaf === null || OF_LEAF.has(action.id)));
  const entries = [...shown.map((action) => entryOf(action, scope, at)), ...leafEntries(scope)];
  return scope.leaf === null ? entries : entries.toSorted((a, b) => a.group - b.group);
}
