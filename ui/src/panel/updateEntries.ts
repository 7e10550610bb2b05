// What can be done about one pending update of an LXC, beside installing it: in the panel and in the tree.
import { Copy, FileText } from 'lucide-react';
import { whyNoScan } from '../actions/able';
import type { Entry } from '../actions/menu';
import { ABLE } from '../actions/verdict';
import type { ClusterRow } from '../bindings/ClusterRow';
import type { GuestRow } from '../bindings/GuestRow';
import type { Update } from '../bindings/Update';
import type { UpdateRule } from '../bindings/UpdateRule';
import { openChangelog } from '../changelog/state';
import { copyText } from '../parts/copy';
import { words } from '../words/en';
import { isOwn, removeEntry, ruleEntries } from './ruling';

export interface OfUpdate {
  row: GuestRow;
  cluster: ClusterRow | undefined;
  update: Update;
  /** That counts for it. */
  rule: UpdateRule | null;
}

export function updateEntries({ row, cluster, update, rule }: OfUpdate): Entry[] {
  const silent = whyNoScan(row, cluster);
  return [
    {
      id: 'changelog', icon: FileText, label: words.changelog.action, keys: null, group: 1,
      verdict: silent === null ? ABLE : { able: false, why: silent },
      run: () => openChangelog({ guest: row.id, name: row.name, package: update.package }),
    },
    ...ruleEntries(`${update.package} · ${row.name}`, [{ kind: 'guest', guest: row.id }], [update.package], rule !== null && isOwn(rule, row.id) ? rule.kind : null, null),
    ...(rule === null ? [] : [removeEntry(rule, row.id)]),
    { id: 'copy-version', icon: Copy, label: words.actions.copyVersion, keys: null, group: 4, verdict: ABLE, run: () => void copyText(update.candidate) },
  ];
}
