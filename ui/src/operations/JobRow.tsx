// One LXC of an operation: its steps, where it stands, how long it took.
import { clsx } from 'clsx';
import { type CSSProperties, memo } from 'react';
import type { Job } from '../bindings/Job';
import type { OperationKind } from '../bindings/OperationKind';
import type { Step } from '../bindings/Step';
import type { StepKind } from '../bindings/StepKind';
import type { StepState } from '../bindings/StepState';
import { Glyph, type GlyphName } from '../parts/Glyph';
import { Status, type Tone } from '../parts/Status';
import { words } from '../words/en';
import { duration } from '../words/format';
import { Running } from './OperationRow';
import { stepNow } from './steps';

const text = words.operations;

interface Props {
  kind: OperationKind;
  job: Job;
  steps: readonly StepKind[];
  /** Among others: a glyph a step, and the words at the end. */
  many: boolean;
  at: number;
  top: number;
  chosen: boolean;
  /** The tab stop of the grid. */
  stop: boolean;
  onChoose: (job: string) => void;
}

export const JobRow = memo(function JobRow({ kind, job, steps, many, at, top, chosen, stop, onChoose }: Props) {
  return (
    <div
      className={clsx('line-row job', chosen && 'chosen')}
      role="row"
      aria-rowindex={at + 2}
      aria-selected={chosen}
      tabIndex={stop ? 0 : -1}
      style={{ transform: `translateY(${top}px)` } as CSSProperties}
      onClick={() => onChoose(job.id)}
      data-testid={`job-${job.vmid}`}
      data-state={job.state}
    >
      <span className="hs" role="gridcell">
        <span className="id">{job.vmid}</span>
        <span className="lead el" title={job.name}>{job.name}</span>
        {many && <span className="t3 el node">{job.node}</span>}
      </span>
      {steps.map((kind) => <StepCell key={kind} kind={kind} step={job.steps.find((step) => step.kind === kind)} notReached={(state) => notReached(job, state)} many={many} />)}
      <span role="gridcell" className="el">{many ? <Now kind={kind} job={job} /> : <Result kind={kind} job={job} />}</span>
      <span role="gridcell" className="num">{job.beganAt === null ? words.none : job.endedAt === null ? <Running since={job.beganAt} /> : duration(job.endedAt - job.beganAt)}</span>
    </div>
  );
});

const STEP: Record<StepState, { tone: Tone; glyph: GlyphName }> = {
  waiting: { tone: 'mute', glyph: 'wait' },
  running: { tone: 'busy', glyph: 'busy' },
  done: { tone: 'ok', glyph: 'ok' },
  failed: { tone: 'error', glyph: 'err' },
  skipped: { tone: 'mute', glyph: 'uns' },
  unknown: { tone: 'caution', glyph: 'unk' },
};

/** A job that has ended waits for nothing, and one that was left out needed its steps very well. */
function notReached(job: Job, state: StepState): boolean {
  if (job.state === 'skipped') return state === 'waiting' || state === 'skipped';
  return state === 'waiting' && job.state !== 'waiting' && job.state !== 'running';
}

/** What went wrong, without the name that stands in the same row. */
function reasonOf(job: Job): string | undefined {
  const what = job.problem?.what;
  return what?.startsWith(`${job.name}: `) === true ? what.slice(job.name.length + 2) : what;
}

interface CellProps {
  kind: StepKind;
  step: Step | undefined;
  notReached: (state: StepState) => boolean;
  many: boolean;
}

function StepCell({ kind, step, notReached, many }: CellProps) {
  if (step === undefined) return <span role="gridcell" />;
  const { tone, glyph } = STEP[step.state];
  const named = { role: 'gridcell', className: 'el', 'data-testid': `step-${kind}`, 'data-state': step.state };
  const head = text.steps[kind].head;
  if (notReached(step.state)) {
    return (
      <span {...named} title={`${head}: ${text.notReached}`}>
        <span className="t3" aria-hidden>{words.none}</span>
        <span className="unseen">{text.notReached}</span>
      </span>
    );
  }
  if (many) {
    const name = text.cell(text.stepStates[step.state], step.detail);
    return (
      <span {...named} title={`${head}: ${name}`}>
        <span className={clsx('status', tone)}><Glyph name={glyph} /></span>
        <span className="unseen">{name}</span>
      </span>
    );
  }
  const word = step.detail ?? text.stepStates[step.state];
  // The id of a task of Proxmox is for those who look it up.
  if (word.startsWith('UPID:')) return <span {...named}><Status tone={tone} glyph={glyph} title={word}>{text.stepStates[step.state]}</Status></span>;
  // Once it is over, the package that it was at says nothing more, and would be cut off.
  const shown = step.state === 'done' ? word.replace(/: .*$/, '') : word;
  return <span {...named}><Status tone={tone} glyph={glyph} title={word}>{shown}</Status></span>;
}

/** The words at the end of a row among many: what it does, or what went wrong in the words of whoever said so. */
function Now({ kind, job }: { kind: OperationKind; job: Job }) {
  const { problem } = job;
  switch (job.state) {
    case 'running': {
      const step = stepNow(job);
      const doing = step === null ? text.jobStates.running : text.steps[step.kind].short;
      return <Status tone="busy" glyph="busy" title={step?.detail ?? undefined}>{[doing, step?.detail].filter(Boolean).join(' · ')}</Status>;
    }
    case 'failed':
    case 'interrupted': {
      const said = problem === null ? text.jobStates[job.state] : (problem.words ?? reasonOf(job) ?? problem.what);
      const all = problem === null ? undefined : [problem.what, problem.words].filter(Boolean).join('\n');
      return <Status tone="error" glyph={job.state === 'failed' ? 'err' : 'unr'} title={all}>{said}</Status>;
    }
    case 'skipped':
    case 'cancelled':
      return <Status tone="mute" glyph="uns" title={problem?.what}>{[text.jobStates[job.state], reasonOf(job)].filter(Boolean).join(' · ')}</Status>;
    case 'waiting':
    case 'succeeded':
      return <Result kind={kind} job={job} />;
  }
}

export function Result({ kind, job }: { kind: OperationKind; job: Job }) {
  switch (job.state) {
    case 'waiting':
      return <Status tone="mute" glyph="wait">{text.jobStates.waiting}</Status>;
    case 'running':
      return <Status tone="busy" glyph="busy">{job.percent === null ? text.jobStates.running : `${job.percent} %`}</Status>;
    case 'succeeded':
      return <Status tone="ok" glyph="ok">{text.results[kind]}</Status>;
    case 'failed':
      return <Status tone="error" glyph="err" title={job.problem?.what}>{text.jobStates.failed}</Status>;
    case 'interrupted':
      return <Status tone="error" glyph="unr" title={job.problem?.what}>{text.jobStates.interrupted}</Status>;
    case 'skipped':
    case 'cancelled':
      return <Status tone="mute" glyph="uns" title={job.problem?.what}>{text.jobStates[job.state]}</Status>;
  }
}
