// Step 2: compare the fingerprint. Nothing but the user's own comparison lets it through.
import { Fingerprint } from 'lucide-react';
import type { Certificate } from '../bindings/Certificate';
import { useNow } from '../live/clock';
import { useLive } from '../live/store';
import { clusterKey } from '../live/fleet';
import { CopyBox, CopyButton } from '../parts/CopyBox';
import { inGroups, sameFingerprint } from '../parts/fingerprint';
import { Note } from '../parts/Note';
import { Status } from '../parts/Status';
import { TickLine } from '../parts/Tick';
import { words } from '../words/en';
import { dayOf } from '../words/format';
import { change, useWizard } from './state';
import { StepPage } from './StepPage';

const text = words.wizard.certificate;

export function CertificateStep() {
  const probed = useWizard((wizard) => wizard.probed);
  const matches = useWizard((wizard) => wizard.matches);
  const pasted = useWizard((wizard) => wizard.pasted);
  const known = useLive((live) => (probed?.known == null ? null : (live.fleet.clusters.get(clusterKey(probed.known))?.name ?? probed.address)));
  if (probed === null) return null;
  const host = probed.address.replace(/:\d+$/, '');
  const { certificate } = probed;
  const same = sameFingerprint(pasted, certificate.sha256);
  const ready = matches && same !== false;
  const paste = (pasted: string) => change({ pasted, ...(sameFingerprint(pasted, certificate.sha256) === true ? { matches: true } : {}) });
  return (
    <StepPage
      title={text.title}
      lead={certificate.trustedBySystem ? text.trusted(host) : text.untrusted(host)}
      onSubmit={() => ready && change({ step: 'token' })}
      foot={
        <>
          {!ready && <span className="small t3">{text.must}</span>}
          <button type="submit" className="button primary" disabled={!ready} data-testid="wizard-next">{text.next}</button>
        </>
      }
    >
      {known !== null && <Note testId="wizard-known">{text.known(known)}</Note>}
      <Sent certificate={certificate} host={host} />
      <div>
        <p className="small t2 mb-2">{text.compare}</p>
        <CopyBox text={probed.compare} label={text.compare} />
        <p className="small t3 mt-2">{text.web}</p>
      </div>
      <label className="label">
        {text.paste}
        <span className="field">
          <input className="mono" value={pasted} onChange={(event) => paste(event.target.value)} spellCheck={false} autoComplete="off" data-testid="wizard-pasted" />
          {same === true && <Status tone="ok" glyph="ok">{text.same}</Status>}
        </span>
      </label>
      {same === false && <Note tone="error" glyph="err">{text.differs}</Note>}
      <TickLine checked={matches} onChange={(matches) => change({ matches })} testId="wizard-fingerprint-matches">{text.matches}</TickLine>
    </StepPage>
  );
}

function Sent({ certificate, host }: { certificate: Certificate; host: string }) {
  const now = useNow();
  return (
    <div className="card">
      <div className="card-head">
        <Fingerprint className="icon small" aria-hidden />
        {text.sent(host)}
        <span className="fill" />
        <span className="small t3">{text.sha}</span>
        <CopyButton text={certificate.sha256} />
      </div>
      <div className="fingerprint p-4" data-testid="wizard-fingerprint" data-value={certificate.sha256}>
        {inGroups(certificate.sha256).map((line) => <div key={line}>{line}</div>)}
      </div>
      <dl className="pairs grid-cols-[104px_1fr] px-4 py-3 ruled">
        <dt>{text.name}</dt>
        <dd>{certificate.subject}</dd>
        {certificate.names.length > 0 && (
          <>
            <dt>{text.names}</dt>
            <dd>{certificate.names.join(', ')}</dd>
          </>
        )}
        <dt>{text.issuer}</dt>
        <dd>{certificate.issuer}</dd>
        <dt>{text.valid}</dt>
        <dd>{text.until(dayOf(certificate.notBefore), dayOf(certificate.notAfter))}</dd>
      </dl>
      {(now > certificate.notAfter || now < certificate.notBefore) && <div className="p-3 ruled"><Note tone="caution" glyph="old">{text.expired}</Note></div>}
    </div>
  );
}
