// A cluster or a node: how it is reached, what is known, and the sums below it.
import { scopeOfRow } from '../actions/scope';
import type { Link } from '../bindings/Link';
import type { UpdateCounts } from '../bindings/UpdateCounts';
import { useNow } from '../live/clock';
import { type ClusterKey, guestsBelow, type NodeRowKey } from '../live/fleet';
import { useCluster, useLive, useNode } from '../live/store';
import { ErrorNote } from '../parts/Note';
import { Status } from '../parts/Status';
import { LinkState } from '../tree/cells';
import { useTreeView } from '../tree/view';
import { openAccess } from '../wizard/open';
import { words } from '../words/en';
import { age, count, exact, percent, timeOfDay, uptime } from '../words/format';
import { Foot } from './Foot';
import { CloseButton } from './Panel';

const text = words.panel;

export function ClusterPanel({ clusterKey }: { clusterKey: ClusterKey }) {
  const row = useCluster(clusterKey);
  if (row === undefined) return null;
  return (
    <>
      <Head name={row.name} link={row.link} quorate={row.quorate} />
      <div className="panel-body scrolls">
        <LinkProblem link={row.link} />
        <dl className="pairs px-4 pb-3">
          <dt>{text.address}</dt>
          <dd>{row.address}</dd>
          <dt>{text.version}</dt>
          <dd>{row.version ?? words.none}</dd>
          <Below rowKey={clusterKey} updates={row.updates} past={row.oldUpdates} />
          <dt>{text.checked}</dt>
          <dd><Ago at={row.checkedAt} /></dd>
        </dl>
      </div>
      <PlaceFoot rowKey={clusterKey} />
    </>
  );
}

export function NodePanel({ nodeKey }: { nodeKey: NodeRowKey }) {
  const row = useNode(nodeKey);
  if (row === undefined) return null;
  const { access } = row;
  return (
    <>
      <Head name={row.key.node} link={row.link} quorate={null} />
      <div className="panel-body scrolls">
        <LinkProblem link={row.link} />
        <dl className="pairs px-4 pb-3">
          <dt>{text.address}</dt>
          <dd>{row.address ?? words.none}</dd>
          <dt>{text.uptime}</dt>
          <dd>{row.uptimeSeconds === null ? words.none : uptime(row.uptimeSeconds)}</dd>
          <dt>{text.cpu}</dt>
          <dd>{row.cpu === null ? words.none : percent(row.cpu)}</dd>
          <dt>{text.memory}</dt>
          <dd>{row.memory === null ? words.none : text.usage(row.memory.used, row.memory.total)}</dd>
          <Below rowKey={nodeKey} updates={row.updates} past={row.oldUpdates} />
          <dt>{text.checked}</dt>
          <dd><Ago at={row.checkedAt} /></dd>
          <dt>{text.access}</dt>
          <dd>
            {access.kind === 'none' ? text.noAccess : access.address}{' '}
            <button type="button" className="link" onClick={() => openAccess(row.key.cluster)} data-testid="panel-access">{words.actions.access}</button>
          </dd>
        </dl>
        {access.kind === 'ssh' && access.error !== null && <div className="px-4 pb-3"><ErrorNote error={{ message: access.address, words: access.error, next: null }} /></div>}
      </div>
      <PlaceFoot rowKey={nodeKey} />
    </>
  );
}

function Head({ name, link, quorate }: { name: string; link: Link; quorate: boolean | null }) {
  return (
    <div className="panel-head">
      <div className="hs"><h2 className="el">{name}</h2><span className="fill" /><CloseButton /></div>
      <div className="hs small t2 mt-1"><LinkState link={link} online={{ quorate }} /></div>
    </div>
  );
}

function LinkProblem({ link }: { link: Link }) {
  if (!('error' in link)) return null;
  const next = link.kind === 'unreachable' && link.nextTry !== null ? text.nextTry(timeOfDay(link.nextTry)) : null;
  const message = { unreachable: words.state.unreachable, refused: words.state.refused, certificateChanged: words.state.certificate }[link.kind];
  return <div className="px-4 pb-3"><ErrorNote error={{ message, words: link.error, next }} /></div>;
}

function Below({ rowKey, updates, past }: { rowKey: string; updates: UpdateCounts; past: UpdateCounts }) {
  const guests = useLive((live) => guestsBelow(live.fleet, rowKey).length);
  return (
    <>
      <dt>{text.guests}</dt>
      <dd>{count(guests)}</dd>
      <dt>{text.updates}</dt>
      <dd className="hs wide">
        {updates.security > 0 && <Status tone="sec" glyph="sec">{words.updateState.security(updates.security)}</Status>}
        <Status tone="info" glyph="upd">{count(updates.total)}</Status>
        {past.total > 0 && <span className="t3" title={words.updateState.pastTitle(past.total)}>{words.updateState.past(past.total)}</span>}
      </dd>
    </>
  );
}

function Ago({ at }: { at: number | null }) {
  const now = useNow();
  return at === null ? <>{words.none}</> : <span title={exact(at)}>{age(at, now)}</span>;
}

function PlaceFoot({ rowKey }: { rowKey: string }) {
  const fleet = useLive((live) => live.fleet);
  const filtered = useTreeView((tree) => tree.filter.trim() !== '');
  const scope = scopeOfRow(fleet, rowKey, filtered);
  return scope === null ? null : <Foot scope={scope} />;
}
