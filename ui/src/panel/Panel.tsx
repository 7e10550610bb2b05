// The panel beside the tree: several LXCs when some are ticked, else the focused row.
import { rowOf } from '../actions/scope';
import type { ClusterKey, GuestKey, NodeRowKey } from '../live/fleet';
import { useLive } from '../live/store';
import { useTreeView } from '../tree/view';
import { words } from '../words/en';
import { ClusterPanel } from './ClusterPanel';
import { GroupPanel } from './GroupPanel';
import { GuestPanel } from './GuestPanel';
import { NodePanel } from './NodePanel';
import { SelectionPanel } from './SelectionPanel';
import { usePanel } from './state';

export function Panel() {
  const open = usePanel((panel) => panel.open);
  const focus = useTreeView((tree) => tree.focus);
  const several = useTreeView((tree) => tree.ticked.size > 0);
  const key = focus === null ? null : rowOf(focus);
  const known = useLive((live) => key !== null && (key.startsWith('group:') || live.fleet.guests.has(key as GuestKey) || live.fleet.nodes.has(key as NodeRowKey) || live.fleet.clusters.has(key as ClusterKey)));
  if (!several && (!open || !known || key === null)) return null;
  return (
    <aside className="panel" aria-label={words.panel.label} data-region="panel" data-testid="panel">
      {several || key === null ? <SelectionPanel /> : <OnePanel rowKey={key} />}
    </aside>
  );
}

function OnePanel({ rowKey }: { rowKey: string }) {
  if (rowKey.startsWith('group:')) return <GroupPanel groupKey={rowKey} />;
  if (rowKey.startsWith('guest:')) return <GuestPanel key={rowKey} guestKey={rowKey as GuestKey} />;
  if (rowKey.startsWith('node:')) return <NodePanel key={rowKey} nodeKey={rowKey as NodeRowKey} />;
  return <ClusterPanel key={rowKey} clusterKey={rowKey as ClusterKey} />;
}
