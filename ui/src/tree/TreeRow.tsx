// One row. It reads its own data, so that a patch of fifty rows draws fifty rows and nothing else.
import { clsx } from 'clsx';
import { Box, Boxes, ChevronDown, ChevronRight, Package, Server } from 'lucide-react';
import { type CSSProperties, memo, type ReactNode, useLayoutEffect, useRef } from 'react';
import type { GuestKey, NodeRowKey, ClusterKey } from '../live/fleet';
import { loadsOf } from '../live/cpu';
import { useCluster, useGuest, useNode } from '../live/store';
import { Badge } from '../parts/Status';
import { TickPicture } from '../parts/Tick';
import { words } from '../words/en';
import { uptime } from '../words/format';
import { Agent, Checked, GuestState, isOld, LinkState, Load, Memory, NONE } from './cells';
import { GuestImages, PlaceImages } from './ImageCells';
import { LeafCells } from './LeafCells';
import type { FlatRow, Leaf } from './rows';
import { GuestUpdates, PlaceUpdates } from './UpdateCells';
import { answer, useTreeView } from './view';

export interface RowProps {
  rowKey: string;
  kind: FlatRow['kind'];
  level: number;
  position: number;
  size: number;
  open: boolean | null;
  leaf: Leaf | null;
  at: number;
  height: number;
  focused: boolean;
  cell: number | null;
  chosen: boolean;
  ticked: boolean;
}

const OPEN = <ChevronDown className="icon" aria-hidden />;
const CLOSED = <ChevronRight className="icon" aria-hidden />;
const ICONS: Record<FlatRow['kind'], ReactNode> = {
  cluster: <Boxes className="icon small" aria-hidden />,
  node: <Server className="icon small" aria-hidden />,
  guest: <Box className="icon small" aria-hidden />,
  leaf: <Package className="icon small" aria-hidden />,
};

export const TreeRow = memo(function TreeRow(props: RowProps) {
  switch (props.kind) {
    case 'cluster':
      return <ClusterCells {...props} />;
    case 'node':
      return <NodeCells {...props} />;
    case 'guest':
      return <GuestCells {...props} />;
    case 'leaf':
      return props.leaf === null ? null : (
        <Frame {...props}>
          <LeafCells leaf={props.leaf} icon={ICONS.leaf} level={props.level - 1} />
        </Frame>
      );
  }
});

/** The row element: place, roles, and the page's focus when it is summoned. */
function Frame({ children, old, name, vmid, ...row }: RowProps & { children: ReactNode; old?: boolean; name?: string; vmid?: number }) {
  const element = useRef<HTMLDivElement>(null);
  const summons = useTreeView((view) => (row.focused ? view.summons : 0));
  const { focused, cell } = row;
  useLayoutEffect(() => {
    const body = element.current;
    if (!focused || body === null || !answer(summons)) return;
    const cells = visitable(body);
    for (const one of cells) one.tabIndex = -1;
    (cell === null ? body : (cells[cell] ?? body)).focus({ preventScroll: true });
  }, [focused, cell, summons]);
  const style = { transform: `translateY(${row.at * row.height}px)`, '--level': row.level - 1 } as CSSProperties;
  return (
    <div
      ref={element}
      role="row"
      className={clsx('row', row.kind, row.chosen && 'chosen', old === true && 'old')}
      style={style}
      aria-level={row.level}
      aria-posinset={row.position}
      aria-setsize={row.size}
      aria-rowindex={row.at + 2}
      aria-expanded={row.open ?? undefined}
      aria-selected={row.kind === 'leaf' ? undefined : row.chosen}
      tabIndex={focused ? 0 : -1}
      data-key={row.rowKey}
      data-testid={`row-${row.rowKey}`}
      data-name={name}
      data-vmid={vmid}
    >
      {children}
    </div>
  );
}

/** The cells of a row that are on the screen, in order. Columns that the width hides are passed over. */
export function visitable(row: HTMLElement): HTMLElement[] {
  return [...row.querySelectorAll<HTMLElement>(':scope > [data-cell]')].filter((cell) => getComputedStyle(cell).display !== 'none');
}

function Name({ row, children }: { row: RowProps; children: ReactNode }) {
  return (
    <span className="name" role="rowheader" data-cell>
      <span className="twist" data-twist={row.open === null ? undefined : ''}>{row.open === null ? null : row.open ? OPEN : CLOSED}</span>
      {ICONS[row.kind]}
      {children}
    </span>
  );
}

const NO_TICK = <span className="tick-cell" role="gridcell" />;

function ClusterCells(props: RowProps) {
  const row = useCluster(props.rowKey as ClusterKey);
  if (row === undefined) return null;
  const old = isOld(row.link);
  return (
    <Frame {...props} old={old} name={row.name}>
      {NO_TICK}
      <Name row={props}><span className="el">{row.name}</span></Name>
      <span role="gridcell" data-cell><LinkState link={row.link} online={row} /></span>
      <PlaceUpdates rowKey={props.rowKey} now={row.updates} past={row.oldUpdates} />
      <PlaceImages rowKey={props.rowKey} />
      <span role="gridcell" data-cell className="agent" />
      <span role="gridcell" data-cell className="wide" title={row.address}>{row.address.replace(/:8006$/, '')}</span>
      <span role="gridcell" data-cell className="wide right" />
      <span role="gridcell" data-cell className="wide" />
      <span role="gridcell" data-cell className="wide" />
      <span role="gridcell" data-cell className="right"><Checked at={row.checkedAt} late={old} /></span>
    </Frame>
  );
}

function NodeCells(props: RowProps) {
  const row = useNode(props.rowKey as NodeRowKey);
  const name = row?.key.node ?? props.rowKey.slice(props.rowKey.indexOf('/') + 1);
  const link = row?.link ?? { kind: 'unknown' as const };
  const old = isOld(link);
  return (
    <Frame {...props} old={old} name={name}>
      {NO_TICK}
      <Name row={props}><span className="el">{name}</span></Name>
      <span role="gridcell" data-cell><LinkState link={link} /></span>
      {row === undefined ? <span role="gridcell" data-cell className="updates" /> : <PlaceUpdates rowKey={props.rowKey} now={row.updates} past={row.oldUpdates} />}
      <PlaceImages rowKey={props.rowKey} />
      <span role="gridcell" data-cell className="agent" />
      <span role="gridcell" data-cell className="wide">{row?.address ?? NONE}</span>
      <span role="gridcell" data-cell className="wide right">{row === undefined || row.uptimeSeconds === null ? NONE : uptime(row.uptimeSeconds)}</span>
      <span role="gridcell" data-cell className="wide"><Load loads={loadsOf(props.rowKey)} /></span>
      <span role="gridcell" data-cell className="wide"><Memory memory={row?.memory ?? null} /></span>
      <span role="gridcell" data-cell className="right"><Checked at={row?.checkedAt ?? null} late={old} /></span>
    </Frame>
  );
}

function GuestCells(props: RowProps) {
  const row = useGuest(props.rowKey as GuestKey);
  if (row === undefined) return null;
  const blocked = blockedOf(row.updates);
  const late = row.old || row.updates.kind === 'stale' || row.updates.kind === 'error' || row.agent.kind === 'offline';
  return (
    <Frame {...props} old={row.old || row.updates.kind === 'stale'} name={row.name} vmid={row.vmid}>
      <span className="tick-cell" role="gridcell" data-tick="">
        <TickPicture on={props.ticked} />
        <span className="unseen">{props.ticked ? words.fleet.columns.tick : ''}</span>
      </span>
      <Name row={props}>
        <span className="id">{row.vmid}</span>
        <span className="el">{row.name}</span>
        {blocked > 0 && <Badge tone="caution" glyph="held" title={words.fleet.heldTitle(blocked)}>{words.fleet.held(blocked)}</Badge>}
      </Name>
      <span role="gridcell" data-cell><GuestState guest={row} /></span>
      <GuestUpdates guest={row} />
      <GuestImages guest={row} />
      <span role="gridcell" data-cell className="agent"><Agent guest={row} /></span>
      <span role="gridcell" data-cell className="wide">{row.address ?? NONE}</span>
      <span role="gridcell" data-cell className="wide right">{row.uptimeSeconds === null || row.power !== 'running' || row.old ? NONE : uptime(row.uptimeSeconds)}</span>
      <span role="gridcell" data-cell className="wide"><Load loads={row.power === 'running' ? loadsOf(props.rowKey) : []} /></span>
      <span role="gridcell" data-cell className="wide"><Memory memory={row.power === 'running' ? row.memory : null} /></span>
      <span role="gridcell" data-cell className="right"><Checked at={row.checkedAt} late={late && row.checkedAt !== null} /></span>
    </Frame>
  );
}

function blockedOf(updates: import('../bindings/UpdateState').UpdateState): number {
  if (updates.kind === 'upToDate') return updates.blocked;
  return 'counts' in updates && updates.counts !== null ? updates.counts.blocked : 0;
}
