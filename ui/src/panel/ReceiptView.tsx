// What an update of packages or images did: who approved it, what changed, what was not done, what was checked afterwards.
import type { PackageChange } from '../bindings/PackageChange';
import type { Receipt } from '../bindings/Receipt';
import { useOperation } from '../live/store';
import { ErrorNote } from '../parts/Note';
import { Badge, Status, Version } from '../parts/Status';
import { words } from '../words/en';
import { exact, took } from '../words/format';
import { RenewedImages } from './RenewedImages';

const text = words.history;
const SHORT = 9;

export function ReceiptView({ receipt, withProblem }: { receipt: Receipt; withProblem: boolean }) {
  // The plan as it was approved, over all LXCs; where that is not known any more, the part of this one.
  const plan = useOperation(receipt.operation)?.plan;
  // Of images there are no packages to tell of.
  const images = receipt.images.length > 0;
  return (
    <div className="receipt" data-testid={`receipt-${receipt.number}`}>
      {withProblem && receipt.problem !== null && <ErrorNote error={{ message: receipt.problem.what, words: receipt.problem.words, next: receipt.problem.next }} />}
      <dl className="pairs">
        <dt>{text.approved}</dt>
        <dd title={exact(receipt.beganAt)}>{receipt.approvedBy}</dd>
        <dt>{text.plan}</dt>
        <dd className="mono" title={receipt.plan} data-testid="receipt-plan">{plan ?? shortPlan(receipt.plan)}</dd>
        <dt>{text.took}</dt>
        <dd>{took(receipt.endedAt - receipt.beganAt)}</dd>
        {(!images || receipt.databaseSound !== null) && (
          <>
            <dt>{text.check}</dt>
            <dd><DatabaseCheck sound={receipt.databaseSound} /></dd>
          </>
        )}
      </dl>
      {images && <RenewedImages images={receipt.images} />}
      {(!images || receipt.changes.length > 0) && (
        <div>
          <h3>{text.changed}</h3>
          {receipt.changes.length === 0 ? <p className="small t2">{text.nothing}</p> : receipt.changes.map((change) => <Change key={`${change.package}:${change.arch}`} change={change} />)}
        </div>
      )}
      {receipt.notDone.length > 0 && (
        <div>
          <h3>{text.notDone}</h3>
          {receipt.notDone.map((change) => <Change key={`${change.package}:${change.arch}`} change={change} not />)}
        </div>
      )}
      {receipt.keptFiles.length > 0 && (
        <div>
          <h3>{text.kept}</h3>
          {receipt.keptFiles.map((file) => <KeptFile key={file} file={file} difference={receipt.differences.find((one) => one.path === file)?.text} />)}
        </div>
      )}
      {receipt.services.length > 0 && (
        <div>
          <h3>{text.services}</h3>
          {receipt.services.map((service) => (
            <p key={service.unit} className="hs small">
              <span className="el t1">{service.unit}</span>
              <span className="fill" />
              {service.active ? <Status tone="ok" glyph="ok">{text.active}</Status> : <Status tone="error" glyph="err">{text.inactive}</Status>}
            </p>
          ))}
        </div>
      )}
    </div>
  );
}

/** The new version's place, and how it differs from the one in use. */
function KeptFile({ file, difference }: { file: string; difference: string | undefined }) {
  if (difference === undefined || difference === '') return <p className="mono t2 break-words">{file}</p>;
  return (
    <details data-testid="kept-file">
      <summary className="mono t2 break-words">{file}</summary>
      <pre className="difference mono small scrolls">{difference}</pre>
    </details>
  );
}

function Change({ change, not }: { change: PackageChange; not?: boolean }) {
  return (
    <div className="change" data-testid={`change-${change.package}`}>
      <span className="hs small"><span className="t1 el">{change.package}</span>{change.to === null && <Badge tone="caution">{text.removed}</Badge>}</span>
      <Version from={change.from} to={change.to} not={not === true} />
    </div>
  );
}

function DatabaseCheck({ sound }: { sound: boolean | null }) {
  if (sound === null) return <Status tone="mute" glyph="unk">{text.notAsked}</Status>;
  return sound ? <Status tone="ok" glyph="ok">{text.sound}</Status> : <Status tone="error" glyph="err">{text.notSound}</Status>;
}

/** As it was shown when it was approved: `7f3a-c91e`. */
export function shortPlan(fingerprint: string): string {
  return fingerprint.length < SHORT ? fingerprint : `${fingerprint.slice(0, 4)}-${fingerprint.slice(4, 8)}`;
}
