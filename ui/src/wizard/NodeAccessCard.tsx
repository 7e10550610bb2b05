// Access to one node: where its sshd is, its host key to compare, then one sign-in.
import { Server } from 'lucide-react';
import { useState } from 'react';
import type { AccessWay } from '../bindings/AccessWay';
import type { ConfiguredHost } from '../bindings/ConfiguredHost';
import { tell } from '../app/notices';
import { CommandError, rpc } from '../host';
import { CopyBox } from '../parts/CopyBox';
import { ErrorNote, Note } from '../parts/Note';
import { Status } from '../parts/Status';
import { words } from '../words/en';
import { changeNode, type NodeSetup, USUAL_WAY } from './state';
import { WayFields } from './WayFields';

const text = words.wizard.access;

interface Props {
  cluster: string;
  setup: NodeSetup;
  /** Other nodes of the cluster that are connected. */
  gates: readonly string[];
}

export function NodeAccessCard({ cluster, setup, gates }: Props) {
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
          <>
            <button type="button" className="button ghost compact" onClick={() => changeNode(node, { before: null })} data-testid={`${id}-anew`}>{text.anew}</button>
            <Forget cluster={cluster} node={node} id={id} />
          </>
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
      {!skipped && saved === null && before === null && <Form cluster={cluster} setup={setup} gates={gates} />}
      {before !== null && setup.problem !== null && <div className="px-4 pb-3"><ErrorNote error={setup.problem} testId={`${id}-error`} /></div>}
    </section>
  );
}

/** Gives the way up. Nothing is changed on the node. */
function Forget({ cluster, node, id }: { cluster: string; node: string; id: string }) {
  const [busy, setBusy] = useState(false);
  async function forget(): Promise<void> {
    setBusy(true);
    try {
      await rpc('forget_access', { node: { cluster, node } });
      changeNode(node, { before: null, way: USUAL_WAY, problem: null });
      tell(text.forgot(node));
    } catch (thrown) {
      changeNode(node, { problem: CommandError.from(thrown) });
      setBusy(false);
    }
  }
  return <button type="button" className="button ghost compact" disabled={busy} onClick={() => void forget()} data-testid={`${id}-forget`}>{busy ? text.forgetting : text.forget}</button>;
}

function Standing({ setup }: { setup: NodeSetup }) {
  if (setup.saved !== null) return <Status tone="ok" glyph="ok">{text.state.ready}</Status>;
  if (setup.before !== null) return <Status tone="ok" glyph="ok">{text.state.before}</Status>;
  if (setup.skipped) return <Status tone="mute" glyph="uns">{text.state.skipped}</Status>;
  return setup.accepted === null ? <Status tone="mute" glyph="unk">{text.state.open}</Status> : <Status tone="mute" glyph="wait">{text.state.accepted}</Status>;
}

function Form({ cluster, setup, gates }: Props) {
  const { node, host, port, user, way, probed, accepted, problem } = setup;
  const id = `wizard-access-${node}`;
  const [password, setPassword] = useState('');
  const [busy, setBusy] = useState(false);
  const where = { cluster, node, host: host.trim(), port: Number(port) };
  const placed = where.host !== '' && Number.isInteger(where.port) && where.port > 0 && where.port < 65_536;
  // A password only puts RedFlag's own key in place, where that may do all that root may.
  const byPassword = way.key.kind === 'own' && way.entry === 'attach';

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

  const probe = () => attempt(async () => ({ probed: await rpc('probe_node', { ...where, through: way.through }), accepted: null }));
  const save = () =>
    attempt(async () => {
      if (accepted === null) return {};
      const value = byPassword ? password : '';
      setPassword('');
      const secret = value === '' ? null : await rpc('keep_secret', { value });
      return { saved: await rpc('save_access', { ...where, user: user.trim(), hostKey: accepted, way, password: secret }) };
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
      <Suggestion setup={setup} gates={gates} onUse={move} />
      <WayFields
        id={id}
        node={node}
        user={user}
        way={way}
        gates={gates}
        open={setup.more}
        onOpen={(more) => changeNode(node, { more })}
        onWay={(next) => (next.through === way.through ? changeNode(node, { way: next, user: accountFor(next, user), problem: null }) : move({ way: next }))}
      />
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
      {accepted !== null && byPassword && (
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

/** The account goes with the way: sudo is not for root, and the others are. What was typed in stays. */
function accountFor({ entry }: AccessWay, user: string): string {
  if (entry === 'sudo') return user === 'root' ? 'redflag' : user;
  return user === 'redflag' ? 'root' : user;
}

/** What the user's SSH configuration says, as long as it says something else. */
function Suggestion({ setup, gates, onUse }: { setup: NodeSetup; gates: readonly string[]; onUse: (part: Partial<NodeSetup>) => void }) {
  const { configured, host, port, user } = setup;
  if (configured === null || (configured.host === host && String(configured.port) === port && configured.user === user)) return null;
  const id = `wizard-access-${setup.node}`;
  function use(from: ConfiguredHost): void {
    const through = from.through !== null && gates.includes(from.through) ? from.through : null;
    const way = { ...setup.way, key: from.key ?? setup.way.key, through, entry: from.user === 'root' ? setup.way.entry : ('sudo' as const) };
    onUse({ host: from.host, port: String(from.port), user: from.user, way, more: true });
  }
  const where = `${configured.user}@${configured.host}:${configured.port}`;
  return (
    <p className="hs small t2 px-4 pb-3" data-testid={`${id}-configured`}>
      {text.configured(configured.name, where)}
      <button type="button" className="link" onClick={() => use(configured)} data-testid={`${id}-use`}>{text.use}</button>
    </p>
  );
}
