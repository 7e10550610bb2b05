// The panel beside the tree: several LXCs when some are ticked, else the focused row.
import { X } from 'lucide-react';
import { rowOf } from '../actions/scope';
import type { ClusterKey, GuestKey, NodeRowKey } from '../live/fleet';
import { useLive } from '../live/store';
import { summon, useTreeView } from '../tree/view';
import { words } from '../words/en';
import { GuestPanel } from './GuestPanel';
import { ClusterPanel, NodePanel } from './PlacePanel';
import { SelectionPanel } from './SelectionPanel';
import { openPanel, usePanel } from './state';

export function Panel() {
  const open = usePanel((panel) => panel.open);
  const focus = useTreeView((tree) => tree.focus);
  const several = useTreeView((tree) => tree.ticked.size > 0);
  const key = focus === null ? null : rowOf(focus);
  const known = useLive((live) => key !== null && (live.fleet.guests.has(key as GuestKey) || live.fleet.nodes.has(key as NodeRowKey) || live.fleet.clusters.has(key as ClusterKey)));
  if (!several && (!open || !known || key === null)) return null;
  return (
    <aside className="panel" aria-label={words.panel.label} data-region="panel" data-testid="panel">
      {several || key === null ? <SelectionPanel /> : <OnePanel rowKey={key} />}
    </aside>
  );
}

function OnePanel({ rowKey }: { rowKey: string }) {
  if (rowKey.startsWith('guest:')) return <GuestPanel key={rowKey} guestKey={rowKey as GuestKey} />;
  if (rowKey.startsWith('node:')) return <NodePanel nodeKey={rowKey as NodeRowKey} />;
  return <ClusterPanel clusterKey={rowKey as ClusterKey} />;
}

export function CloseButton() {
  const close = () => {
    openPanel(false);
    summon();
  };
  return (
    <button type="button" className="button ghost square compact" aria-label={words.close} onClick={close} data-testid="panel-close">
      <X className="icon" aria-hidden />
    </button>
  );
}
