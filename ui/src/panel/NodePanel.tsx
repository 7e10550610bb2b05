// One node: what it is, how loaded it is, where its packages come from, and the way into its LXCs.
import type { NodeFacts } from '../bindings/NodeFacts';
import type { NodeRow } from '../bindings/NodeRow';
import type { RepositoryVerdict } from '../bindings/RepositoryVerdict';
import type { Usage } from '../bindings/Usage';
import { rpc } from '../host';
import { minuteOf, useAsked } from '../live/asked';
import { clusterKey, type NodeRowKey } from '../live/fleet';
import { useCluster, useNode } from '../live/store';
import type { GlyphName } from '../parts/Glyph';
import { ErrorNote, Note } from '../parts/Note';
import { Meter, Status, type Tone } from '../parts/Status';
import { isOld } from '../tree/cells';
import { openAccess } from '../wizard/open';
import { RoadList } from '../wizard/RoadList';
import { words } from '../words/en';
import { wayInWords } from '../words/access';
import { percent, uptime } from '../words/format';
import { LinkNote } from './LinkNote';
import { Ago, Below, Head, PlaceFoot } from './Place';
import { PAUSE_MS } from './state';

const text = words.panel;
const ways = words.wizard.access.ways;
const HIGH = 0.85;

export function NodePanel({ nodeKey }: { nodeKey: NodeRowKey }) {
  const row = useNode(nodeKey);
  const cluster = useCluster(clusterKey(row?.key.cluster ?? ''));
  const mark = JSON.stringify([nodeKey, row?.link.kind, minuteOf(row?.checkedAt ?? null)]);
  const { answer, problem, loading, again } = useAsked(mark, async () => (row === undefined ? null : await rpc('node_details', { node: row.key })), PAUSE_MS);
  if (row === undefined) return null;
  const facts = answer?.facts ?? null;
  return (
    <>
      <Head name={row.key.node} link={row.link} quorate={null} version={facts?.version ?? null} note={<LinkNote link={row.link} cluster={row.key.cluster} name={cluster?.name ?? row.key.node} node />} />
      <div className="panel-body scrolls">
        <dl className="pairs px-4 pb-3">
          <dt>{text.address}</dt>
          <dd>{row.address ?? words.none}</dd>
          <dt>{text.uptime}</dt>
          <dd>{row.uptimeSeconds === null ? words.none : uptime(row.uptimeSeconds)}</dd>
          <Below rowKey={nodeKey} updates={row.updates} past={row.oldUpdates} />
          <dt>{text.checked}</dt>
          <dd><Ago at={row.checkedAt} /></dd>
        </dl>
        <Hardware row={row} facts={facts} />
        {facts !== null && <Software facts={facts} />}
        {facts === null && loading && <p className="small t3 px-4 pb-3" role="status">{words.node.reading}</p>}
        {answer?.problem != null && row.link.kind !== 'disabled' && row.link.kind !== 'unreachable' && (
          <div className="px-4 pb-3"><ErrorNote error={{ message: words.node.unanswered(row.key.node), words: answer.problem, next: null }} testId="node-problem" action={<Again onClick={again} />} /></div>
        )}
        {problem !== null && <div className="px-4 pb-3"><ErrorNote error={problem} action={<Again onClick={again} />} /></div>}
        <Access row={row} />
      </div>
      <PlaceFoot rowKey={nodeKey} />
    </>
  );
}

function Again({ onClick }: { onClick: () => void }) {
  return <button type="button" className="button compact" onClick={onClick}>{words.tryAgain}</button>;
}

/** Live figures come with the row; the rest is asked for. */
function Hardware({ row, facts }: { row: NodeRow; facts: NodeFacts | null }) {
  return (
    <section className={isOld(row.link) ? 'pb-3 past-facts' : 'pb-3'} aria-label={words.node.hardware}>
      <div className="sect ruled"><b>{words.node.hardware}</b></div>
      <dl className="pairs px-4">
        {facts?.processor != null && (
          <>
            <dt>{words.node.processor}</dt>
            <dd>{facts.processor}</dd>
          </>
        )}
        {facts?.cores != null && (
          <>
            <dt>{words.node.cores}</dt>
            <dd>{facts.cores}</dd>
          </>
        )}
        <dt>{text.cpu}</dt>
        <dd>{row.cpu === null ? words.none : percent(row.cpu)}</dd>
        {facts !== null && facts.load.length > 0 && (
          <>
            <dt>{words.node.load}</dt>
            <dd title={words.node.loadHint}>{facts.load.join(', ')}</dd>
          </>
        )}
        <dt>{text.memory}</dt>
        <dd><Used usage={row.memory} name={text.memory} /></dd>
        <dt>{words.node.rootDisk}</dt>
        <dd><Used usage={facts?.rootDisk ?? null} name={words.node.rootDisk} /></dd>
      </dl>
    </section>
  );
}

export function Used({ usage, name }: { usage: Usage | null; name: string }) {
  if (usage === null || usage.total === 0) return <>{words.none}</>;
  const share = usage.used / usage.total;
  return (
    <span className="used">
      <span>{text.usage(usage.used, usage.total)}</span>
      <Meter share={share} label={`${name} ${percent(share)}`} tone={share > HIGH ? 'high' : undefined} />
    </span>
  );
}

const VERDICTS: Record<RepositoryVerdict, { tone: Tone; glyph: GlyphName }> = {
  unknown: { tone: 'mute', glyph: 'unk' },
  enterprise: { tone: 'ok', glyph: 'ok' },
  noSubscription: { tone: 'ok', glyph: 'ok' },
  enterpriseWithoutSubscription: { tone: 'caution', glyph: 'err' },
  test: { tone: 'caution', glyph: 'unk' },
  missing: { tone: 'caution', glyph: 'err' },
};

function Software({ facts }: { facts: NodeFacts }) {
  return (
    <section className="pb-3" aria-label={words.node.system}>
      <div className="sect ruled"><b>{words.node.system}</b></div>
      <dl className="pairs px-4">
        <dt>{text.version}</dt>
        <dd>{facts.version ?? words.none}</dd>
        <dt>{words.node.kernel}</dt>
        <dd>{facts.kernel ?? words.none}</dd>
        <dt>{words.node.subscription}</dt>
        <dd>{words.node.subscriptionWord(facts.subscription)}</dd>
        <dt>{words.node.repositories}</dt>
        <dd data-testid="node-repositories"><span className="verdict"><Status {...VERDICTS[facts.repositories]}>{words.node.verdicts[facts.repositories]}</Status></span></dd>
      </dl>
      {facts.problems.length > 0 && (
        <div className="px-4 pt-2">
          <Note tone="caution" glyph="unk" testId="node-problems">
            <p className="medium">{words.node.problems}</p>
            {facts.problems.map((problem) => <p key={problem} className="mono mt-1">{problem}</p>)}
          </Note>
        </div>
      )}
    </section>
  );
}

function Access({ row }: { row: NodeRow }) {
  const { access } = row;
  return (
    <section className="pb-3" aria-label={text.access}>
      <div className="sect ruled">
        <b>{text.access}</b>
        <span className="fill" />
        <button type="button" className="button compact" onClick={() => openAccess(row.key.cluster, row.key.node)} data-testid="panel-access">{access.kind === 'ssh' ? ways.change : words.actions.access}</button>
      </div>
      <p className="small px-4">{access.kind === 'ssh' ? access.address : <span className="t2">{access.kind === 'console' ? text.byConsole : text.noAccess}</span>}</p>
      {access.kind === 'ssh' && <p className="small t2 px-4" data-testid="panel-way">{wayInWords(access.way)}</p>}
      {access.kind === 'ssh' && access.error !== null && <div className="px-4 pt-2"><ErrorNote error={{ message: access.address, words: access.error, next: null }} /></div>}
      {row.link.kind === 'online' && <div className="px-4 pt-3"><RoadList cluster={row.key.cluster} node={row.key.node} mark={JSON.stringify(access)} pause={PAUSE_MS} /></div>}
    </section>
  );
}
