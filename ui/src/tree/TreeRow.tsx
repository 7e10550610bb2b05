// One row. It reads its own data, so that a patch of fifty rows draws fifty rows and nothing else.
import { memo } from 'react';
import type { GuestRow } from '../bindings/GuestRow';
import type { UpdateState } from '../bindings/UpdateState';
import { clusterKey, type GuestKey, type NodeRowKey, type ClusterKey } from '../live/fleet';
import { loadsOf } from '../live/cpu';
import { useCluster, useGuest, useNode } from '../live/store';
import { Badge } from '../parts/Status';
import { TickPicture } from '../parts/Tick';
import { words } from '../words/en';
import { count, uptime } from '../words/format';
import { bare } from './bare';
import { Cell } from './Cell';
import { Agent, Checked, GuestState, isOld, LinkState, Load, Memory, NONE } from './cells';
import { Frame, ICONS, Name, type RowProps } from './Frame';
import { GroupCells } from './GroupCells';
import { GuestImages, PlaceImages } from './ImageCells';
import { LeafCells } from './LeafCells';
import type { Share } from './standing';
import { GuestUpdates, PlaceUpdates, ShareUpdates } from './UpdateCells';

export const TreeRow = memo(function TreeRow(props: RowProps) {
  switch (props.kind) {
    case 'cluster':
      return <ClusterCells {...props} />;
    case 'node':
      return <NodeCells {...props} />;
    case 'group':
      return props.group === undefined ? null : <GroupCells {...props} group={props.group} />;
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

const NO_TICK = <span className="tick-cell" role="gridcell" aria-colindex={1} />;

function ClusterCells(props: RowProps) {
  const row = useCluster(props.rowKey as ClusterKey);
  if (row === undefined) return null;
  const old = isOld(row.link);
  return (
    <Frame {...props} old={old} name={row.name}>
      {NO_TICK}
      <Name row={props}><span className="el">{row.name}</span></Name>
      <Cell column="state"><LinkState link={row.link} online={row} /></Cell>
      <PlaceUpdates rowKey={props.rowKey} now={row.updates} past={row.oldUpdates} />
      <PlaceImages rowKey={props.rowKey} />
      <Cell column="agent" />
      <Cell column="address" title={row.address}>{row.address.replace(/:8006$/, '')}</Cell>
      <Cell column="uptime" />
      <Cell column="cpu" />
      <Cell column="memory" />
      <Cell column="checked"><Checked at={row.checkedAt} late={old} /></Cell>
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
      <Cell column="state"><LinkState link={link} /></Cell>
      {row === undefined ? <Cell column="updates" /> : <PlaceUpdates rowKey={props.rowKey} now={row.updates} past={row.oldUpdates} />}
      <PlaceImages rowKey={props.rowKey} />
      <Cell column="agent" />
      <Cell column="address">{row?.address ?? NONE}</Cell>
      <Cell column="uptime">{row === undefined || row.uptimeSeconds === null ? NONE : uptime(row.uptimeSeconds)}</Cell>
      <Cell column="cpu"><Load loads={loadsOf(props.rowKey)} /></Cell>
      <Cell column="memory"><Memory memory={row?.memory ?? null} /></Cell>
      <Cell column="checked"><Checked at={row?.checkedAt ?? null} late={old} /></Cell>
    </Frame>
  );
}

function GuestCells(props: RowProps) {
  const key = bare(props.rowKey) as GuestKey;
  const row = useGuest(key);
  if (row === undefined) return null;
  const blocked = blockedOf(row.updates);
  const late = row.old || row.updates.kind === 'stale' || row.updates.kind === 'error' || row.agent.kind === 'offline';
  return (
    <Frame {...props} old={row.old || row.updates.kind === 'stale'} name={row.name} vmid={row.vmid}>
      <span className="tick-cell" role="gridcell" data-tick="" aria-colindex={1}>
        <TickPicture on={props.ticked} />
        <span className="unseen">{props.ticked ? words.fleet.columns.tick : ''}</span>
      </span>
      <Name row={props}>
        <span className="id">{row.vmid}</span>
        <span className="el">{row.name}</span>
        {blocked > 0 && <Badge tone="caution" glyph="held" title={words.fleet.heldTitle(blocked)}>{count(blocked)}<span className="beside">{` ${words.fleet.held}`}</span></Badge>}
        {props.share !== undefined && <Where row={row} why={props.share.why} />}
      </Name>
      <Cell column="state"><GuestState guest={row} /></Cell>
      {props.share === undefined || isWhole(props.share) ? <GuestUpdates guest={row} /> : <ShareUpdates share={props.share} />}
      <GuestImages guest={row} />
      <Cell column="agent"><Agent guest={row} /></Cell>
      <Cell column="address">{row.address ?? NONE}</Cell>
      <Cell column="uptime">{row.uptimeSeconds === null || row.power !== 'running' || row.old ? NONE : uptime(row.uptimeSeconds)}</Cell>
      <Cell column="cpu"><Load loads={row.power === 'running' ? loadsOf(key) : []} /></Cell>
      <Cell column="memory"><Memory memory={row.power === 'running' ? row.memory : null} /></Cell>
      <Cell column="checked"><Checked at={row.checkedAt} late={late && row.checkedAt !== null} /></Cell>
    </Frame>
  );
}

function blockedOf(updates: UpdateState): number {
  if (updates.kind === 'upToDate') return updates.blocked;
  return 'counts' in updates && updates.counts !== null ? updates.counts.blocked : 0;
}

/** A group about what is not known, or about good news, says how the LXC as a whole stands. */
const isWhole = ({ total, aside }: Share): boolean => total === 0 && aside === 0;

/** In groups the tree does not say where an LXC runs. Why nothing is known of it is worth more than that. */
function Where({ row, why }: { row: GuestRow; why: string | null }) {
  const cluster = useCluster(clusterKey(row.cluster));
  const place = `${row.node} · ${cluster?.name ?? ''}`;
  return <span className="where el" title={why === null ? place : `${why} ${place}`}>{why ?? place}</span>;
}
