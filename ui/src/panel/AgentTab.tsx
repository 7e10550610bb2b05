// The agent of an LXC: how it stands, by which way it is heard, whether that way is open, and the port that it calls.
import { useState } from 'react';
import type { AgentState } from '../bindings/AgentState';
import type { GuestRow } from '../bindings/GuestRow';
import type { TriedWay } from '../bindings/TriedWay';
import { rpc } from '../host';
import { useNow } from '../live/clock';
import { ErrorNote, Note } from '../parts/Note';
import { Agent } from '../tree/cells';
import { useTask } from '../wizard/useTask';
import { words } from '../words/en';
import { age, exact } from '../words/format';
import { GatewayPort } from './GatewayPort';

const text = words.agentTab;

export function AgentTab({ row }: { row: GuestRow }) {
  const now = useNow();
  const { agent } = row;
  const seen = agent.kind === 'offline' || agent.kind === 'off' ? agent.lastSeen : null;
  return (
    <div className="pt-3" data-testid="agent-tab">
      <dl className="pairs px-4 pb-3">
        <dt>{text.state}</dt>
        <dd><Agent guest={row} /></dd>
        {agent.kind === 'online' && (
          <>
            <dt>{text.version}</dt>
            <dd>{agent.version}{agent.older && <span className="t3">{` · ${text.older}`}</span>}</dd>
            <dt>{text.way}</dt>
            <dd data-testid="agent-way">{agent.via === null ? text.direct : text.via(agent.via)}</dd>
          </>
        )}
        {seen !== null && (
          <>
            <dt>{text.seen}</dt>
            <dd title={exact(seen)}>{words.cluster.since(age(seen, now))}</dd>
          </>
        )}
      </dl>
      {troubleOf(agent) !== null && <div className="px-4 pb-3"><Note tone="caution" glyph="old" testId="agent-trouble">{text.trouble(troubleOf(agent) ?? '')}</Note></div>}
      {agent.kind !== 'notInstalled' && <Way row={row} />}
      <GatewayPort />
    </div>
  );
}

function troubleOf(agent: AgentState): string | null {
  return agent.kind === 'offline' ? agent.trouble : null;
}

/** Nothing is tried before somebody asks: it starts a program in the LXC. */
function Way({ row }: { row: GuestRow }) {
  const { busy, problem, run } = useTask();
  const [tried, setTried] = useState<TriedWay | null>(null);
  const off = row.power !== 'running' || row.old;
  const look = () => run(async () => setTried(await rpc('try_way', { guest: row.id })));
  return (
    <>
      <div className="sect ruled">
        <b>{text.connection}</b>
        <span className="fill" />
        <button type="button" className="button compact" aria-disabled={busy || off} title={off ? text.cannotTry : undefined} onClick={() => !off && void look()} data-testid="way-try">{busy ? text.trying : text.tryIt}</button>
      </div>
      <div className="px-4 pt-1 pb-3" role="status">
        {tried === null && problem === null && <p className="small t3">{off ? text.cannotTry : text.tryHint}</p>}
        {problem !== null && <ErrorNote error={problem} testId="way-error" />}
        {tried !== null && problem === null && (tried.problem === null ? (
          <Note tone="ok" glyph="ok" testId="way-open">{text.open(tried.endpoints[0] ?? '')}</Note>
        ) : (
          <ErrorNote error={{ message: tried.problem.what, words: tried.problem.words, next: tried.problem.next }} testId="way-closed" />
        ))}
      </div>
    </>
  );
}
