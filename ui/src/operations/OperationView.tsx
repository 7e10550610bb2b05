// One operation: counts, one row per LXC with its steps, the log, and what went wrong.
import { X } from 'lucide-react';
import { useEffect, useMemo, useState } from 'react';
import type { Job } from '../bindings/Job';
import type { Operation } from '../bindings/Operation';
import { fail } from '../app/notices';
import { go } from '../app/place';
import { rpc } from '../host';
import { useNow, useSeconds } from '../live/clock';
import { useOperation } from '../live/store';
import { Glyph, type GlyphName } from '../parts/Glyph';
import { ErrorNote } from '../parts/Note';
import type { Tone } from '../parts/Status';
import { words } from '../words/en';
import { count, took, when } from '../words/format';
import { JobLog } from './JobLog';
import { JobPanel } from './JobPanel';
import { JobTable } from './JobTable';
import { SegmentBar } from './SegmentBar';
import { useJobs } from './useJobs';

const text = words.operations;

export function OperationView({ id, firstJob }: { id: string; firstJob: string | null }) {
  const operation = useOperation(id);
  const { jobs, problem, read } = useJobs(id);
  const [chosen, setChosen] = useState<string | null>(firstJob);
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
        {operation !== undefined && <Heading operation={operation} />}
      </div>
      {problem !== null && (
        <div className="p-4"><ErrorNote error={problem} action={<button type="button" className="button compact" onClick={read}>{words.tryAgain}</button>} /></div>
      )}
      {operation !== undefined && <Counts operation={operation} jobs={jobs} />}
      {operation !== undefined && jobs !== null && <JobTable kind={operation.kind} jobs={jobs} chosen={job?.id ?? null} onChoose={setChosen} />}
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

function Heading({ operation }: { operation: Operation }) {
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
    </>
  );
}

const FIGURES: readonly [keyof typeof text.counts, Tone, GlyphName][] = [
  ['succeeded', 'ok', 'ok'], ['running', 'busy', 'busy'], ['waiting', 'mute', 'wait'], ['failed', 'error', 'err'],
  ['interrupted', 'error', 'unr'], ['skipped', 'mute', 'uns'], ['cancelled', 'mute', 'uns'],
];

function Counts({ operation, jobs }: { operation: Operation; jobs: readonly Job[] | null }) {
  const { counts } = operation;
  const shown = FIGURES.filter(([state]) => counts[state] > 0);
  return (
    <div className="counts" data-testid="operation-counts">
      {shown.map(([state, tone, glyph]) => (
        <div key={state} className="hs" data-count={state} data-value={counts[state]}>
          <span className={`status ${tone}`}><Glyph name={glyph} /></span>
          <span className="figure">{count(counts[state])}</span>
          <span className="t2">{text.counts[state]}</span>
        </div>
      ))}
      <span className="fill" />
      <div className="progress">
        <SegmentBar counts={counts} jobs={jobs} />
        <div className="hs small t3 mt-1.5">
          <span>{operation.endedAt === null ? <SoFar since={operation.beganAt} /> : text.tookAll(took(operation.endedAt - operation.beganAt))}</span>
          <span className="fill" />
          {operation.endedAt === null && operation.percent !== null && <span className="num">{`${operation.percent} %`}</span>}
        </div>
      </div>
    </div>
  );
}

function SoFar({ since }: { since: number }) {
  return <>{text.soFar(took(useSeconds() - since))}</>;
}
