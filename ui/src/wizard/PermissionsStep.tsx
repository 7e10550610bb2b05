// Step 4: what the token may do, what is missing and how to grant it. Going on adds the cluster.
import { clsx } from 'clsx';
import { RefreshCw } from 'lucide-react';
import { useEffect } from 'react';
import type { Privilege } from '../bindings/Privilege';
import type { TokenCheck } from '../bindings/TokenCheck';
import { tell } from '../app/notices';
import { rpc } from '../host';
import { clusterKey } from '../live/fleet';
import { useLive } from '../live/store';
import { CopyBox } from '../parts/CopyBox';
import { ErrorNote, Note } from '../parts/Note';
import { Status } from '../parts/Status';
import { words } from '../words/en';
import { change, useWizard } from './state';
import { StepPage } from './StepPage';
import { useTask } from './useTask';

const text = words.wizard.permissions;
const nameOf = (cluster: string) => useLive.getState().fleet.clusters.get(clusterKey(cluster))?.name;

export function PermissionsStep() {
  const { check, tokenId } = useWizard();
  const asking = useTask();
  const adding = useTask();
  const busy = asking.busy || adding.busy;

  const ask = () =>
    asking.run(async () => {
      const { probed, tokenId, secret } = useWizard.getState();
      if (probed === null || secret === null) return;
      const check = await rpc('check_token', { address: probed.address, fingerprint: probed.certificate.sha256, tokenId, secret });
      change({ check });
    });
  useEffect(() => {
    if (useWizard.getState().check === null) void ask();
    // oxlint-disable-next-line react/exhaustive-deps -- asked once when the page opens
  }, []);

  const add = () =>
    adding.run(async () => {
      const { probed, tokenId, secret } = useWizard.getState();
      if (probed === null || secret === null) return;
      const added = await rpc('add_cluster', { address: probed.address, fingerprint: probed.certificate.sha256, tokenId, secret, name: null });
      if (added.already) tell(text.already(nameOf(added.cluster) ?? probed.address));
      change({ cluster: added.cluster, nodes: [], authorise: null, discovery: null, step: 'access' });
    });

  const missing = check?.privileges.filter((one) => !one.granted).length ?? 0;
  const problem = asking.problem ?? adding.problem;
  const again = (primary: boolean) => (
    <button type="button" className={clsx('button', primary && 'primary')} disabled={busy} onClick={() => void ask()} data-testid="wizard-check">
      <RefreshCw className="icon" aria-hidden />
      {asking.busy ? text.busy : text.again}
    </button>
  );
  return (
    <StepPage
      title={text.title}
      lead={check === null ? text.asking : [text.lead(tokenId), missing === 0 ? text.all : text.missing(missing), check.enough ? '' : text.required].join(' ')}
      onSubmit={() => check?.enough === true && !busy && void add()}
      foot={
        <>
          {check?.enough === true ? again(false) : again(true)}
          {check?.enough === true && (
            <button type="submit" className="button primary" disabled={busy} data-testid="wizard-next">{adding.busy ? text.adding : missing > 0 ? text.without : text.next}</button>
          )}
        </>
      }
    >
      {problem !== null && <ErrorNote error={problem} testId="wizard-error" />}
      {check !== null && <Answer check={check} />}
    </StepPage>
  );
}

/** Without this right Proxmox does not say whether there is a cluster. */
const seesCluster = (check: TokenCheck): boolean => check.privileges.every((one) => one.name !== 'Sys.Audit' || one.granted);

function Answer({ check }: { check: TokenCheck }) {
  return (
    <>
      <dl className="pairs grid-cols-[104px_1fr]">
        <dt>{text.cluster}</dt>
        <dd data-testid="wizard-cluster-name">{check.clusterName ?? (seesCluster(check) ? text.single : text.unseen)}</dd>
        <dt>{text.version}</dt>
        <dd>{check.version}</dd>
        <dt>{text.nodes}</dt>
        <dd>{check.nodes.join(', ')}</dd>
        <dt>{text.visible}</dt>
        <dd>{check.visibleGuests}</dd>
      </dl>
      <div className="card" role="table" aria-label={text.title}>
        <div className="line-row right-row head" role="row">
          <span role="columnheader">{text.right}</span>
          <span role="columnheader">{text.on}</span>
          <span role="columnheader">{text.what}</span>
          <span role="columnheader">{text.state}</span>
        </div>
        {check.privileges.map((one) => <Right key={`${one.name} ${one.path}`} right={one} />)}
      </div>
      {check.grant.length > 0 && (
        <div>
          <h3 className="medium">{text.add}</h3>
          <p className="small t2 mt-1 mb-2">{text.addText}</p>
          <CopyBox text={check.grant.join('\n')} label={text.add} testId="wizard-grant" />
        </div>
      )}
      {check.enough && check.visibleGuests === 0 && <Note tone="caution" glyph="unk">{text.noGuests}</Note>}
      <Note>{text.none}</Note>
    </>
  );
}

function Right({ right }: { right: Privilege }) {
  const lacking = !right.granted && right.required;
  return (
    <div className={clsx('line-row right-row', lacking && 'missing')} role="row" data-testid={`right-${right.name}`} data-granted={right.granted}>
      <span className="mono t1 el" role="cell">{right.name}</span>
      <span className="mono" role="cell">{right.path}</span>
      <span role="cell">{right.usedFor}</span>
      <span role="cell">
        {right.granted ? <Status tone="ok" glyph="ok">{text.granted}</Status> : <Status tone={lacking ? 'caution' : 'mute'} glyph="unk">{lacking ? text.lacking : text.optional}</Status>}
      </span>
    </div>
  );
}
