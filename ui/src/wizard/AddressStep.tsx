// Step 1: any node's address. Only looks at the certificate.
import { go } from '../app/place';
import { rpc } from '../host';
import { ErrorNote } from '../parts/Note';
import { words } from '../words/en';
import { change, enterAddress, useWizard } from './state';
import { StepPage } from './StepPage';
import { useTask } from './useTask';

const text = words.wizard.address;

export function AddressStep() {
  const address = useWizard((wizard) => wizard.address);
  const { busy, problem, run } = useTask();
  const look = () =>
    run(async () => {
      const probed = await rpc('probe_cluster', { address: address.trim() });
      const before = useWizard.getState().probed;
      // The same certificate as before keeps what was answered about it.
      const same = before?.address === probed.address && before.certificate.sha256 === probed.certificate.sha256;
      change({ probed, step: 'certificate', ...(same ? {} : { matches: false, pasted: '' }) });
    });
  return (
    <StepPage
      title={text.title}
      lead={text.lead}
      onSubmit={() => address.trim() !== '' && void look()}
      noBack
      foot={
        <>
          <button type="button" className="button ghost" onClick={() => go({ view: 'fleet' })}>{words.cancel}</button>
          <button type="submit" className="button primary" disabled={busy || address.trim() === ''} data-testid="wizard-next">{busy ? text.busy : text.next}</button>
        </>
      }
    >
      <label className="label max-w-120">
        {text.field}
        <input className="field" value={address} placeholder={text.example} onChange={(event) => enterAddress(event.target.value)} spellCheck={false} autoComplete="off" data-testid="wizard-address" />
        <span className="t3">{text.hint}</span>
      </label>
      {problem !== null && <ErrorNote error={problem} testId="wizard-error" />}
    </StepPage>
  );
}
