// One operation: counts, one row per LXC with its steps, the log, and what went wrong.
import { clsx } from 'clsx';
import { RotateCw, X } from 'lucide-react';
import { useEffect, useMemo, useState } from 'react';
import type { Job } from '../bindings/Job';
import type { Operation } from '../bindings/Operation';
import type { OperationKind } from '../bindings/OperationKind';
import { fail } from '../app/notices';
import { go } from '../app/place';
import { rpc } from '../host';
import { useNow } from '../live/clock';
import { useOperation } from '../live/store';
import { ErrorNote } from '../parts/Note';
import { words } from '../words/en';
import { count, when } from '../words/format';
import { Figures, type Shown } from './Figures';
import { failedJobs } from './counts';
import { JobLog } from './JobLog';
import { JobPanel } from './JobPanel';
import { JobTable } from './JobTable';
import { retry, retryable, type Wishes } from './retry';
import { useJobs } from './useJobs';

const text = words.operations;
const ALL: Shown = new Set();

export function OperationView({ id, firstJob }: { id: string; firstJob: string | null }) {
  const operation = useOperation(id);
  const { jobs, wishes, problem, read } = useJobs(id);
  const [chosen, setChosen] = useState<string | null>(firstJob);
  const [states, setStates] = useState(ALL);
  const shown = useMemo(() => (jobs === null || states.size === 0 ? jobs : jobs.filter((job) => states.has(job.state))), [jobs, states]);
  const job = useMemo(() => pickJob(jobs, chosen), [jobs, chosen]);
  // Once a job has been shown it stays, while others move.
  useEffect(() => {
    if (chosen === null && job !== null && job.state !== 'waiting') setChosen(job.id);
  }, [chosen, job]);
  return (
    <main className="main alone" data-region="main" data-testid="operation">
      <div className="tool">
        <button type="button" className="link t3" onClick={() => go({ view: 'operations' })}>{text.title}</button>
        <span className="t3">/</span>
        {operation !== undefined && <Heading operation={operation} jobs={jobs} wishes={wishes} />}
      </div>
      {problem !== null && (
        <div className="p-4"><ErrorNote error={problem} action={<button type="button" className="button compact" onClick={read}>{words.tryAgain}</button>} /></div>
      )}
      {operation !== undefined && <Figures operation={operation} jobs={jobs} states={states} rows={shown?.length ?? 0} onShow={setStates} />}
      {operation !== undefined && jobs !== null && shown !== null && <JobTable kind={operation.kind} jobs={jobs} shown={shown} chosen={job?.id ?? null} onChoose={setChosen} />}
      <div className="below">
        <JobLog job={job} />
        <JobPanel job={job} kind={operation?.kind ?? 'scan'} />
      </div>
    </main>
  );
}

/** What needs a look first: a failure, then what runs, then the first. */
function pickJob(jobs: readonly Job[] | null, chosen: string | null): Job | null {
  if (jobs === null) return null;
  const of = (state: Job['state']) => jobs.find((job) => job.state === state);
  return jobs.find((job) => job.id === chosen) ?? of('failed') ?? of('interrupted') ?? of('running') ?? jobs[0] ?? null;
}

function Heading({ operation, jobs, wishes }: { operation: Operation; jobs: readonly Job[] | null; wishes: Wishes | null }) {
  const now = useNow();
  const meta = [text.started(when(operation.beganAt, now)), operation.plan === null ? null : text.plan(operation.plan)];
  const stop = () => rpc('cancel_operation', { operation: operation.id }).catch(fail);
  return (
    <>
      <h1>{text.heading(operation.number, operation.kind, operation.subject)}</h1>
      <span className="small t3 el">{meta.filter(Boolean).join(' · ')}</span>
      <span className="fill" />
      {operation.endedAt === null && (
        <button type="button" className="button compact" disabled={operation.cancelling} onClick={() => void stop()} data-testid="operation-cancel">
          <X className="icon small" aria-hidden />
          {operation.cancelling ? text.cancelling : text.cancel}
        </button>
      )}
      {jobs !== null && wishes !== null && <Retry operation={operation} jobs={jobs} wishes={wishes} />}
    </>
  );
}

/** The next step of an operation that ended with something left to do. */
function Retry({ operation, jobs, wishes }: { operation: Operation; jobs: readonly Job[]; wishes: Wishes }) {
  const { again, leftOut } = useMemo(() => retryable(operation, jobs), [operation, jobs]);
  const { kind } = operation;
  return (
    <>
      {leftOut.length > 0 && <RetryButton kind={kind} jobs={leftOut} wishes={wishes} name={text.retry.leftOut} testId="operation-retry-left-out" />}
      {again.length > 0 && <RetryButton kind={kind} jobs={again} wishes={wishes} name={failedJobs(operation.counts) > 0 ? text.retry.failed : text.retry.stopped} primary testId="operation-retry" />}
    </>
  );
}

interface RetryProps {
  kind: OperationKind;
  jobs: readonly Job[];
  wishes: Wishes;
  name: string;
  primary?: boolean;
  testId: string;
}

function RetryButton({ kind, jobs, wishes, name, primary, testId }: RetryProps) {
  const planned = kind !== 'scan';
  return (
    <button type="button" className={clsx('button compact', primary && 'primary')} title={text.retry.title(jobs.length, planned)} onClick={() => void retry(kind, jobs, wishes)} data-testid={testId}>
      <RotateCw className="icon small" aria-hidden />
      {planned ? `${name}…` : name}
      {jobs.length > 1 && <span className={primary === true ? 'figures-n' : 'count'}>{count(jobs.length)}</span>}
    </button>
  );
}
