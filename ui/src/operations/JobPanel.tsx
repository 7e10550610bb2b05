// Right of the log: what went wrong with the chosen job, or what it did.
import { useEffect, useState } from 'react';
import type { Job } from '../bindings/Job';
import type { OperationKind } from '../bindings/OperationKind';
import type { Receipt } from '../bindings/Receipt';
import { fail } from '../app/notices';
import { rpc } from '../host';
import { ErrorNote, Note } from '../parts/Note';
import { ReceiptView } from '../panel/ReceiptView';
import { words } from '../words/en';
import { exact, took } from '../words/format';
import { Result } from './JobRow';

const text = words.operations;

export function JobPanel({ job, kind }: { job: Job | null; kind: OperationKind }) {
  if (job === null) return <aside className="panel" aria-label={words.panel.label}><p className="p-4 small t3">{text.chooseJob}</p></aside>;
  const ended = job.endedAt !== null;
  return (
    <aside className="panel" aria-label={words.panel.label}>
      <div className="panel-head hs">
        <h2 className="el">{job.name}</h2>
        <span className="id">{job.vmid}</span>
        <span className="fill" />
        <span className="small"><Result kind={kind} job={job} /></span>
      </div>
      <div className="panel-body scrolls">
        {job.problem !== null && (
          <div className="px-4 pb-3" data-testid="job-problem">
            {job.state === 'failed' || job.state === 'interrupted' ? (
              <ErrorNote error={{ message: job.problem.what, words: job.problem.words, next: job.problem.next }} />
            ) : (
              <Note>
                <p>{job.problem.what}</p>
                {job.problem.words !== null && <p className="mono mt-1">{job.problem.words}</p>}
                {job.problem.next !== null && <p className="mt-1">{`${words.next} ${job.problem.next}`}</p>}
              </Note>
            )}
          </div>
        )}
        <dl className="pairs px-4 pb-3">
          <dt>{words.panel.node}</dt>
          <dd>{job.node}</dd>
          {job.beganAt !== null && (
            <>
              <dt>{words.history.began}</dt>
              <dd>{exact(job.beganAt)}</dd>
            </>
          )}
          {job.beganAt !== null && job.endedAt !== null && (
            <>
              <dt>{words.history.took}</dt>
              <dd>{took(job.endedAt - job.beganAt)}</dd>
            </>
          )}
        </dl>
        {(kind === 'update' || kind === 'updateImages') && ended && <JobReceipt key={job.id} job={job.id} />}
      </div>
    </aside>
  );
}

function JobReceipt({ job }: { job: string }) {
  const [receipt, setReceipt] = useState<Receipt | null>(null);
  useEffect(() => {
    let live = true;
    rpc('job_receipt', { job }).then((answer) => live && setReceipt(answer.receipt), fail);
    return () => {
      live = false;
    };
  }, [job]);
  if (receipt === null) return null;
  return (
    <div className="ruled">
      <div className="sect"><b>{text.receipt}</b></div>
      <ReceiptView receipt={receipt} withProblem={false} />
    </div>
  );
}
