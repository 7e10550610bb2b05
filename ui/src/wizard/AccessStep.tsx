// Step 5: the way into the LXCs. One card per node; each can be left out, and it says what that means.
import { useEffect } from 'react';
import type { AccessWay } from '../bindings/AccessWay';
import { rpc } from '../host';
import { nodeKey } from '../live/fleet';
import { useLive } from '../live/store';
import { CopyBox } from '../parts/CopyBox';
import { ErrorNote } from '../parts/Note';
import { words } from '../words/en';
import { NodeAccessCard } from './NodeAccessCard';
import { RoadList } from './RoadList';
import { change, useWizard } from './state';
import { StepPage } from './StepPage';
import { useTask } from './useTask';
import { finish } from './Wizard';

const text = words.wizard.access;

export function AccessStep() {
  const { cluster, authorise, notFollowed, nodes: all, only, node: alone } = useWizard();
  const { busy, problem, run } = useTask();
  const read = () =>
    run(async () => {
      if (cluster === null) return;
      const info = await rpc('access_info', { cluster });
      const known = new Map(useWizard.getState().nodes.map((node) => [node.node, node]));
      change({
        authorise: info.authorise,
        notFollowed: info.notFollowed,
        nodes: info.nodes.map(
          ({ node, host, port, user, way, configured }) =>
            known.get(node) ?? { node, host, port: String(port), user, way, configured, more: !isUsual(way), probed: null, accepted: null, saved: null, before: accessOf(cluster, node), skipped: false, problem: null },
        ),
      });
    });
  useEffect(() => {
    if (authorise === null) void read();
    // oxlint-disable-next-line react/exhaustive-deps -- read once when the page opens
  }, []);

  const nodes = alone === null ? all : all.filter((one) => one.node === alone);
  const connected = all.filter((one) => one.saved !== null || one.before !== null).map((one) => one.node);
  const open = nodes.filter((node) => node.saved === null && node.before === null && !node.skipped).length;
  const next = () => (only === null ? change({ step: 'discover' }) : finish());
  return (
    <StepPage
      title={text.title}
      lead={text.lead}
      onSubmit={next}
      noBack={only !== null}
      foot={
        <>
          {open > 0 && nodes.length > 0 && <span className="small t3">{text.open(open)}</span>}
          <button type="submit" className={open > 0 ? 'button' : 'button primary'} disabled={busy} data-testid="wizard-next">
            {only !== null ? words.wizard.discover.done : open > 0 ? text.skipAll : text.next}
          </button>
        </>
      }
    >
      {problem !== null && <ErrorNote error={problem} testId="wizard-error" action={<button type="button" className="button compact" onClick={() => void read()}>{words.tryAgain}</button>} />}
      {busy && <p className="small t3" role="status">{text.reading}</p>}
      {cluster !== null && authorise !== null && <RoadList cluster={cluster} node={alone} mark={connected.join(' ')} />}
      {authorise !== null && (
        <div>
          <h3 className="medium">{text.key}</h3>
          <p className="small t2 mt-1 mb-2">{text.keyText}</p>
          <CopyBox text={authorise} label={text.key} testId="wizard-access-command" />
        </div>
      )}
      {notFollowed.length > 0 && nodes.some((one) => one.configured !== null) && <p className="small t3">{text.notFollowed(notFollowed)}</p>}
      {cluster !== null && nodes.map((node) => <NodeAccessCard key={node.node} cluster={cluster} setup={node} gates={connected.filter((one) => one !== node.node)} />)}
    </StepPage>
  );
}

/** Whoever uses another way sees it at once. */
const isUsual = (way: AccessWay): boolean => way.key.kind === 'own' && way.entry === 'attach' && way.through === null;

/** Where a node can be entered already. */
function accessOf(cluster: string, node: string): string | null {
  const access = useLive.getState().fleet.nodes.get(nodeKey({ cluster, node }))?.access;
  return access?.kind === 'ssh' && access.error === null ? access.address : null;
}
