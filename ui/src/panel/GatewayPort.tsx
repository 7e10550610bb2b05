// Where agents reach this computer: its port, which can be changed, and its addresses.
import { useState } from 'react';
import type { GatewayInfo } from '../bindings/GatewayInfo';
import { rpc } from '../host';
import { useAsked } from '../live/asked';
import { ErrorNote, Note } from '../parts/Note';
import { useTask } from '../wizard/useTask';
import { words } from '../words/en';

const text = words.agentTab;

export function GatewayPort() {
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
