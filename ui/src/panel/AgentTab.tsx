// The agent of an LXC: how it stands, by which way it is heard, whether that way is open, and the port that it calls.
import { useState } from 'react';
import type { AgentState } from '../bindings/AgentState';
import type { GatewayInfo } from '../bindings/GatewayInfo';
import type { GuestRow } from '../bindings/GuestRow';
import type { TriedWay } from '../bindings/TriedWay';
import { rpc } from '../host';
import { useAsked } from '../live/asked';
import { useNow } from '../live/clock';
import { ErrorNote, Note } from '../parts/Note';
import { Agent } from '../tree/cells';
import { useTask } from '../wizard/useTask';
import { words } from '../words/en';
import { age, exact } from '../words/format';

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
      <Port />
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

function Port() {
  const { answer, problem, again } = useAsked('', () => rpc('gateway', {}));
  const [set, hold] = useState<GatewayInfo | null>(null);
  const shown = set ?? answer;
  const [typed, type] = useState<string | null>(null);
  const task = useTask();
  const port = Number(typed ?? '');
  const good = Number.isInteger(port) && port > 0 && port < 65_536;
  const save = () =>
    task.run(async () => {
      hold(await rpc('set_gateway_port', { port }));
      type(null);
    });
  if (problem !== null) return <div className="px-4"><ErrorNote error={problem} action={<button type="button" className="button compact" onClick={again}>{words.tryAgain}</button>} /></div>;
  if (shown === null) return null;
  return (
    <>
      <div className="sect ruled">
        <b>{text.thisComputer}</b>
        <span className="fill" />
        {typed === null && !shown.fixed && <button type="button" className="button compact" onClick={() => type(String(shown.port))} data-testid="port-change">{text.change}</button>}
      </div>
      <dl className="pairs px-4 pb-3">
        <dt>{text.port}</dt>
        <dd data-testid="port">{shown.port}{shown.fixed && <span className="t3">{` · ${text.fixed}`}</span>}</dd>
        <dt>{text.addresses}</dt>
        <dd>{shown.addresses.length === 0 ? text.noAddress : shown.addresses.map((address) => <div key={address}>{address}</div>)}</dd>
      </dl>
      {typed !== null && (
        <form
          className="px-4 pb-3"
          onSubmit={(event) => {
            event.preventDefault();
            if (good) void save();
          }}
        >
          <label className="label">
            {text.newPort}
            <input className="field" inputMode="numeric" value={typed} onChange={(event) => type(event.target.value.trim())} spellCheck={false} autoComplete="off" data-testid="port-field" />
            <span className="t3">{text.portHint}</span>
          </label>
          <div className="hs mt-2">
            <button type="submit" className="button compact" disabled={!good || task.busy} data-testid="port-save">{text.save}</button>
            <button type="button" className="button compact" onClick={() => type(null)}>{words.cancel}</button>
          </div>
          {task.problem !== null && <div className="mt-2"><ErrorNote error={task.problem} testId="port-error" /></div>}
        </form>
      )}
      {shown.former !== null && <div className="px-4 pb-3"><Note tone="caution" glyph="old" testId="port-former">{text.former(shown.former, shown.waiting)}</Note></div>}
    </>
  );
}
