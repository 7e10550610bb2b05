// A certificate that is not the accepted one: both side by side, compared by the user, accepted or not.
import { useState } from 'react';
import type { CertificateChange } from '../bindings/CertificateChange';
import type { ClusterRow } from '../bindings/ClusterRow';
import { tell } from '../app/notices';
import { rpc } from '../host';
import { useAsked } from '../live/asked';
import { CopyBox, CopyButton } from '../parts/CopyBox';
import { inGroups, sameFingerprint } from '../parts/fingerprint';
import { ErrorNote, Note } from '../parts/Note';
import { Status } from '../parts/Status';
import { TickLine } from '../parts/Tick';
import { words } from '../words/en';
import { dayOf } from '../words/format';
import { useTask } from '../wizard/useTask';
import { CancelButton, Frame } from './Frame';
import { changed, closeDialog, discoverNow } from './state';

const text = words.cluster.compare;

export function CompareDialog({ row }: { row: ClusterRow }) {
  const { answer, problem, again } = useAsked('', () => rpc('presented_certificate', { cluster: row.id }));
  if (answer !== null && !answer.same) return <Comparison row={row} change={answer} onStale={again} />;
  return (
    <Frame
      title={text.title}
      lead={answer === null ? (problem === null ? text.reading : row.name) : row.name}
      onSubmit={() => {
        closeDialog();
        void discoverNow(row.id, row.name);
      }}
      foot={
        <>
          <CancelButton />
          {problem !== null && <button type="button" className="button primary" onClick={again}>{words.tryAgain}</button>}
          {answer !== null && <button type="submit" className="button primary">{text.retry}</button>}
        </>
      }
    >
      {problem !== null && <ErrorNote error={problem} testId="compare-error" />}
      {answer !== null && <Note tone="ok" glyph="ok" testId="compare-same">{text.same}</Note>}
    </Frame>
  );
}

function Comparison({ row, change, onStale }: { row: ClusterRow; change: CertificateChange; onStale: () => void }) {
  const [pasted, setPasted] = useState('');
  const [matches, setMatches] = useState(false);
  const { busy, problem, run } = useTask();
  const { presented } = change;
  const same = sameFingerprint(pasted, presented.sha256);
  const ready = matches && same !== false && !busy;
  const accept = () =>
    run(async () => {
      try {
        await rpc('accept_certificate', { cluster: row.id, address: change.address, fingerprint: presented.sha256 });
      } catch (thrown) {
        // Yet another certificate must be compared anew.
        setMatches(false);
        setPasted('');
        onStale();
        throw thrown;
      }
      changed();
      tell(text.done(row.name));
      closeDialog();
    });
  const paste = (pasted: string) => {
    setPasted(pasted);
    if (sameFingerprint(pasted, presented.sha256) === true) setMatches(true);
  };
  return (
    <Frame
      title={text.title}
      lead={text.lead(change.address)}
      onSubmit={() => ready && void accept()}
      hint={ready || busy ? null : text.must}
      foot={
        <>
          <CancelButton />
          <button type="submit" className="button primary" disabled={!ready} data-testid="compare-accept">{busy ? text.accepting : text.accept}</button>
        </>
      }
    >
      <div className="card">
        <div className="card-head">{text.presented}<span className="fill" /><span className="small t3">{words.cluster.sha}</span><CopyButton text={presented.sha256} /></div>
        <Print value={presented.sha256} testId="compare-presented" />
        <dl className="pairs px-4 py-3 ruled">
          <dt>{text.subject}</dt>
          <dd>{presented.subject}</dd>
          <dt>{text.issuer}</dt>
          <dd>{presented.issuer}</dd>
          <dt>{text.valid}</dt>
          <dd>{words.wizard.certificate.until(dayOf(presented.notBefore), dayOf(presented.notAfter))}</dd>
        </dl>
      </div>
      <div className="card">
        <div className="card-head">{text.accepted}</div>
        {change.accepted.map((print) => <Print key={print} value={print} testId="compare-accepted" />)}
      </div>
      <div>
        <p className="small t2 mb-2">{text.command}</p>
        <CopyBox text={change.compare} label={text.command} testId="compare-command" />
      </div>
      <label className="label">
        {text.paste}
        <span className="field">
          <input className="mono" value={pasted} onChange={(event) => paste(event.target.value)} spellCheck={false} autoComplete="off" data-testid="compare-pasted" />
          {same === true && <Status tone="ok" glyph="ok">{words.wizard.certificate.same}</Status>}
        </span>
      </label>
      {same === false && <Note tone="error" glyph="err">{words.wizard.certificate.differs}</Note>}
      <TickLine checked={matches} onChange={setMatches} testId="compare-matches">{text.matches}</TickLine>
      {problem !== null && <ErrorNote error={problem} testId="compare-error" />}
    </Frame>
  );
}

function Print({ value, testId }: { value: string; testId?: string }) {
  return (
    <div className="print px-4 py-2" data-testid={testId} data-value={value}>
      {inGroups(value).map((line) => <div key={line}>{line}</div>)}
    </div>
  );
}
