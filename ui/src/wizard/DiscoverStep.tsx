// Step 6: what was found, and where agents go.
import { RefreshCw } from 'lucide-react';
import { useEffect, useMemo } from 'react';
import { whyNoAgent } from '../actions/able';
import type { GuestRow } from '../bindings/GuestRow';
import type { NodeRow } from '../bindings/NodeRow';
import { rpc } from '../host';
import { clusterKey, guestsBelow, nodeKey } from '../live/fleet';
import { useLive } from '../live/store';
import { ErrorNote, Note } from '../parts/Note';
import { Status } from '../parts/Status';
import { Tick } from '../parts/Tick';
import { makePlan } from '../plan/state';
import type { GlyphName } from '../parts/Glyph';
import { words } from '../words/en';
import { osName } from '../words/places';
import { change, useWizard } from './state';
import { StepPage } from './StepPage';
import { useTask } from './useTask';
import { finish } from './Wizard';

const text = words.wizard.discover;

export function DiscoverStep() {
  const { cluster, discovery, leftOut } = useWizard();
  const { busy, problem, run } = useTask();
  const fleet = useLive((live) => live.fleet);
  const find = () =>
    run(async () => {
      if (cluster !== null) change({ discovery: await rpc('discover', { cluster }) });
    });
  useEffect(() => {
    if (discovery === null) void find();
    // oxlint-disable-next-line react/exhaustive-deps -- discovered once when the page opens
  }, []);

  const found = useMemo(
    () =>
      (cluster === null ? [] : guestsBelow(fleet, clusterKey(cluster))).flatMap((key) => {
        const guest = fleet.guests.get(key);
        return guest === undefined ? [] : [{ guest, why: whyNot(guest, nodeOf(fleet.nodes, guest)) }];
      }),
    [fleet, cluster],
  );
  const able = found.filter((one) => one.why === null);
  const chosen = able.filter((one) => !leftOut.has(one.guest.id)).map((one) => one.guest);

  async function install(): Promise<void> {
    await makePlan({ kind: 'enrol', targets: chosen.map((guest) => ({ kind: 'guest', guest: guest.id })), only: { kind: 'all' } }, 'operation');
  }
  return (
    <StepPage
      title={discovery === null ? text.title : discovery.sentence}
      lead={discovery === null ? text.lead : `${text.counts(discovery.running, discovery.stopped, discovery.templates)}. ${found.length > 0 ? text.choose : ''}`}
      done={discovery !== null && discovery.problems.length === 0}
      onSubmit={() => (chosen.length > 0 ? void install() : discovery !== null && finish())}
      foot={
        <>
          <button type="button" className="button ghost" disabled={busy} onClick={() => void find()} data-testid="wizard-discover-again"><RefreshCw className="icon" aria-hidden />{text.again}</button>
          <button type="button" className={chosen.length > 0 ? 'button' : 'button primary'} disabled={discovery === null} onClick={finish} data-testid="wizard-done">{chosen.length > 0 ? text.without : text.done}</button>
          {chosen.length > 0 && <button type="submit" className="button primary" disabled={busy || discovery === null} data-testid="wizard-install-agents">{text.agents(chosen.length)}</button>}
        </>
      }
    >
      {problem !== null && <ErrorNote error={problem} testId="wizard-error" />}
      {discovery !== null && (
        <>
          <span className="unseen" data-testid="wizard-discovered" role="status">{discovery.sentence}</span>
          {discovery.problems.length > 0 && (
            <Note tone="caution" glyph="unr" testId="wizard-problems">
              <p className="medium">{text.problems}</p>
              {discovery.problems.map((problem) => <p key={problem} className="mono mt-1">{problem}</p>)}
            </Note>
          )}
          {found.length === 0 && discovery.guests === 0 && <Note>{text.nothing}</Note>}
          {found.length > 0 && <Found found={found} chosen={chosen.length} leftOut={leftOut} able={able.map((one) => one.guest)} />}
        </>
      )}
    </StepPage>
  );
}

/** An agent that was there before and is silent is no matter of a first visit. */
const whyNot = (guest: GuestRow, node: NodeRow | undefined) => (guest.agent.kind === 'offline' ? words.actions.why.offline : whyNoAgent(guest, node));

const nodeOf = (nodes: ReadonlyMap<string, NodeRow>, guest: GuestRow) => nodes.get(nodeKey({ cluster: guest.cluster, node: guest.node }));

interface FoundProps {
  found: readonly { guest: GuestRow; why: string | null }[];
  able: readonly GuestRow[];
  chosen: number;
  leftOut: ReadonlySet<string>;
}

function Found({ found, able, chosen, leftOut }: FoundProps) {
  const all = chosen === able.length && able.length > 0;
  const every = () => change({ leftOut: all ? new Set(able.map((guest) => guest.id)) : new Set() });
  return (
    <div className="card">
      <div className="card-head">
        <Tick checked={all ? true : chosen > 0 ? 'mixed' : false} onChange={every} label={text.all} disabled={able.length === 0} />
        <span>{text.chosen(chosen, found.length)}</span>
      </div>
      {found.map(({ guest, why }) => <FoundRow key={guest.id} guest={guest} why={why} out={leftOut.has(guest.id)} />)}
    </div>
  );
}

function FoundRow({ guest, why, out }: { guest: GuestRow; why: string | null; out: boolean }) {
  function toggle(on: boolean): void {
    const leftOut = new Set(useWizard.getState().leftOut);
    if (on) leftOut.delete(guest.id);
    else leftOut.add(guest.id);
    change({ leftOut });
  }
  return (
    <div className="line-row found-row" data-testid={`found-${guest.vmid}`}>
      <Tick checked={why === null && !out} disabled={why !== null} onChange={toggle} label={guest.name} testId={`found-${guest.vmid}-tick`} />
      <span className="id">{guest.vmid}</span>
      <span className={why === null ? 'lead el' : 'lead el t3'}>{guest.name}</span>
      <span className="el">{guest.node}</span>
      <span className="el" title={guest.os ?? undefined}>{guest.os === null ? words.none : osName(guest.os)}</span>
      <span className="el">
        {why !== null ? <Status tone={glyphOf(why) === 'ok' ? 'ok' : 'mute'} glyph={glyphOf(why)} title={why}>{why}</Status> : out ? <Status tone="mute" glyph="unk">{text.leftOut}</Status> : guest.power === 'stopped' ? <Status tone="mute" glyph="stop" title={words.actions.wouldStart(1, 1)}>{words.actions.wouldStart(1, 1)}</Status> : <span className="t3">{text.willInstall}</span>}
      </span>
    </div>
  );
}

function glyphOf(why: string): GlyphName {
  const { installed, template, offline } = words.actions.why;
  return why === installed ? 'ok' : why === template ? 'tmpl' : why === offline ? 'unr' : 'uns';
}
