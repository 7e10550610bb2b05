// Step 5: the way into the LXCs. One card per node; each can be left out, and it says what that means.
import { useEffect } from 'react';
import { rpc } from '../host';
import { nodeKey } from '../live/fleet';
import { useLive } from '../live/store';
import { CopyBox } from '../parts/CopyBox';
import { ErrorNote } from '../parts/Note';
import { words } from '../words/en';
import { NodeAccessCard } from './NodeAccessCard';
import { change, useWizard } from './state';
import { StepPage } from './StepPage';
import { useTask } from './useTask';
import { finish } from './Wizard';

const text = words.wizard.access;

export function AccessStep() {
  const { cluster, publicKey, nodes, only } = useWizard();
  const { busy, problem, run } = useTask();
  const read = () =>
    run(async () => {
      if (cluster === null) return;
      const info = await rpc('access_info', { cluster });
      const known = new Map(useWizard.getState().nodes.map((node) => [node.node, node]));
      change({
        publicKey: info.publicKey,
        nodes: info.nodes.map(
          ({ node, host, port, user }) =>
            known.get(node) ?? { node, host, port: String(port), user, probed: null, accepted: null, saved: null, before: accessOf(cluster, node), skipped: false, problem: null },
        ),
      });
    });
  useEffect(() => {
    if (publicKey === null) void read();
    // oxlint-disable-next-line react/exhaustive-deps -- read once when the page opens
  }, []);

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
      {publicKey !== null && (
        <div>
          <h3 className="medium">{text.key}</h3>
          <p className="small t2 mt-1 mb-2">{text.keyText}</p>
          <CopyBox text={authorise(publicKey)} label={text.key} testId="wizard-access-command" />
        </div>
      )}
      {cluster !== null && nodes.map((node) => <NodeAccessCard key={node.node} cluster={cluster} setup={node} />)}
    </StepPage>
  );
}

/** Where a node can be entered already. */
function accessOf(cluster: string, node: string): string | null {
  const access = useLive.getState().fleet.nodes.get(nodeKey({ cluster, node }))?.access;
  return access?.kind === 'ssh' && access.error === null ? access.address : null;
}

/** The line for the node's shell that lets RedFlag's key in. The key is one line of base64 and a comment without quotes. */
function authorise(publicKey: string): string {
  return `mkdir -p -m 700 ~/.ssh && echo '${publicKey.trim().replaceAll("'", '')}' >> ~/.ssh/authorized_keys`;
}
