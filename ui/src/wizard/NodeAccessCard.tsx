// Access to one node: where its sshd is, its host key to compare, then one sign-in.
import { Server } from 'lucide-react';
import { useState } from 'react';
import { CommandError, rpc } from '../host';
import { CopyBox } from '../parts/CopyBox';
import { ErrorNote, Note } from '../parts/Note';
import { Status } from '../parts/Status';
import { words } from '../words/en';
import { changeNode, type NodeSetup } from './state';

const text = words.wizard.access;

export function NodeAccessCard({ cluster, setup }: { cluster: string; setup: NodeSetup }) {
  const { node, skipped, saved, before } = setup;
  const id = `wizard-access-${node}`;
  return (
    <section className="card" aria-label={node} data-testid={id}>
      <div className="card-head">
        <Server className="icon small" aria-hidden />
        {node}
        <span className="fill" />
        <Standing setup={setup} />
        {saved === null && before !== null && (
          <button type="button" className="button ghost compact" onClick={() => changeNode(node, { before: null })} data-testid={`${id}-anew`}>{text.anew}</button>
        )}
        {saved === null && before === null && (
          <button type="button" className="button ghost compact" onClick={() => changeNode(node, { skipped: !skipped, problem: null })} data-testid={`${id}-skip`}>
            {skipped ? text.undo : text.skip}
          </button>
        )}
      </div>
      {saved === null && before !== null && <p className="small t2 px-4 py-3" data-testid={`${id}-before`}>{text.before(before)}</p>}
      {skipped && <p className="small t2 px-4 py-3">{text.skipped(node)}</p>}
      {saved !== null && <p className="small t2 px-4 py-3" data-testid={`${id}-ready`}>{text.ready(saved.hostname, saved.guests)}</p>}
      {!skipped && saved === null && before === null && <Form cluster={cluster} setup={setup} />}
    </section>
  );
}

function Standing({ setup }: { setup: NodeSetup }) {
  if (setup.saved !== null) return <Status tone="ok" glyph="ok">{text.state.ready}</Status>;
  if (setup.before !== null) return <Status tone="ok" glyph="ok">{text.state.before}</Status>;
  if (setup.skipped) return <Status tone="mute" glyph="uns">{text.state.skipped}</Status>;
  return setup.accepted === null ? <Status tone="mute" glyph="unk">{text.state.open}</Status> : <Status tone="mute" glyph="wait">{text.state.accepted}</Status>;
}

function Form({ cluster, setup }: { cluster: string; setup: NodeSetup }) {
  const { node, host, port, user, probed, accepted, problem } = setup;
  const id = `wizard-access-${node}`;
  const [password, setPassword] = useState('');
  const [busy, setBusy] = useState(false);
  const where = { cluster, node, host: host.trim(), port: Number(port) };
  const placed = where.host !== '' && Number.isInteger(where.port) && where.port > 0 && where.port < 65_536;

  async function attempt(work: () => Promise<Partial<NodeSetup>>): Promise<void> {
    if (busy) return;
    setBusy(true);
    changeNode(node, { problem: null });
    try {
      changeNode(node, await work());
    } catch (thrown) {
      changeNode(node, { problem: CommandError.from(thrown) });
    } finally {
      setBusy(false);
    }
  }

  const probe = () => attempt(async () => ({ probed: await rpc('probe_node', where), accepted: null }));
  const save = () =>
    attempt(async () => {
      if (accepted === null) return {};
      const value = password;
      setPassword('');
      const secret = value === '' ? null : await rpc('keep_secret', { value });
      return { saved: await rpc('save_access', { ...where, user: user.trim(), hostKey: accepted, password: secret }) };
    });
  // Another place has another key.
  const move = (part: Partial<NodeSetup>) => changeNode(node, { ...part, probed: null, accepted: null, problem: null });

  return (
    <>
      <div className="reach">
        <label className="label">{text.host}<input className="field" value={host} onChange={(event) => move({ host: event.target.value })} spellCheck={false} autoComplete="off" data-testid={`${id}-host`} /></label>
        <label className="label">{text.port}<input className="field" value={port} inputMode="numeric" onChange={(event) => move({ port: event.target.value })} autoComplete="off" data-testid={`${id}-port`} /></label>
        <label className="label">{text.user}<input className="field" value={user} onChange={(event) => changeNode(node, { user: event.target.value })} spellCheck={false} autoComplete="off" data-testid={`${id}-user`} /></label>
      </div>
      {probed !== null && (
        <div className="grid gap-2 px-4 pb-3">
          {probed.changedFrom !== null && <Note tone="error" glyph="err">{text.changed(probed.changedFrom.fingerprint)}</Note>}
          <dl className="pairs grid-cols-[72px_1fr]">
            <dt>{text.found}</dt>
            <dd className="mono" data-testid={`${id}-key`}>{`${probed.key.algorithm} ${probed.key.fingerprint}`}</dd>
          </dl>
          {accepted === null && (
            <>
              <p className="small t2">{text.compare}</p>
              <CopyBox text={probed.compare} label={text.compare} />
            </>
          )}
        </div>
      )}
      {accepted !== null && (
        <div className="px-4 pb-3">
          <label className="label max-w-120">
            {text.password}
            <input className="field" type="password" value={password} onChange={(event) => setPassword(event.target.value)} autoComplete="off" data-testid={`${id}-password`} />
            <span className="t3">{text.passwordHint}</span>
          </label>
        </div>
      )}
      {problem !== null && <div className="px-4 pb-3"><ErrorNote error={problem} testId={`${id}-error`} /></div>}
      <div className="hs px-4 pb-3">
        {probed === null && <button type="button" className="button" disabled={busy || !placed} onClick={() => void probe()} data-testid={`${id}-probe`}>{busy ? text.probing : text.probe}</button>}
        {probed !== null && accepted === null && <button type="button" className="button" onClick={() => changeNode(node, { accepted: probed.key })} data-testid={`${id}-accept`}>{text.accept}</button>}
        {accepted !== null && <button type="button" className="button" disabled={busy || user.trim() === ''} onClick={() => void save()} data-testid={`${id}-save`}>{busy ? text.saving : text.save}</button>}
      </div>
    </>
  );
}
