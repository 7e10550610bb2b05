// Shows one row of the fleet, wherever the user is: opens what is above it, gives it the focus, and opens its panel.
import { go } from '../app/place';
import type { GuestKey, NodeRowKey } from '../live/fleet';
import { nodeKey } from '../live/fleet';
import { prefer, usePreferences } from '../live/preferences';
import { useLive } from '../live/store';
import { openPanel } from '../panel/state';
import { matchesNow, summon, useTreeView } from '../tree/view';

/** `key` is that of a cluster, a node or a guest. */
export function reveal(key: string): void {
  const { fleet } = useLive.getState();
  const { filter, open } = useTreeView.getState();
  const hidden = !(matchesNow(fleet, filter)?.shown.has(key) ?? true);
  // Only there has every row one place.
  if (usePreferences.getState().grouping !== 'hierarchy') void prefer(() => ({ grouping: 'hierarchy' }));
  go({ view: 'fleet' });
  useTreeView.setState({ ...(hidden ? { filter: '' } : {}), open: new Set([...open, ...above(key)]), focus: key, cell: null, anchor: key, ticked: new Set() });
  openPanel(true);
  summon();
  // The row is drawn by then, wherever it stands.
  requestAnimationFrame(() => document.querySelector(`[data-key="${CSS.escape(key)}"]`)?.scrollIntoView({ block: 'nearest' }));
}

function above(key: string): string[] {
  const { fleet } = useLive.getState();
  const guest = fleet.guests.get(key as GuestKey);
  if (guest !== undefined) return [`cluster:${guest.cluster}`, nodeKey({ cluster: guest.cluster, node: guest.node })];
  const node = fleet.nodes.get(key as NodeRowKey);
  return node === undefined ? [] : [`cluster:${node.key.cluster}`];
}
