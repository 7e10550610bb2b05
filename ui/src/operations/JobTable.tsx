// One row per LXC of an operation, with a column for each step.
import { useVirtualizer } from '@tanstack/react-virtual';
import { clsx } from 'clsx';
import { type CSSProperties, type KeyboardEvent, memo, useRef } from 'react';
import type { Job } from '../bindings/Job';
import type { OperationKind } from '../bindings/OperationKind';
import type { Step } from '../bindings/Step';
import type { StepState } from '../bindings/StepState';
import type { GlyphName } from '../parts/Glyph';
import { Status, type Tone } from '../parts/Status';
import { words } from '../words/en';
import { duration } from '../words/format';
import { Running } from './OperationRow';

const text = words.operations;
const ROW = 36;

interface Props {
  kind: OperationKind;
  jobs: readonly Job[];
  chosen: string | null;
  onChoose: (job: string) => void;
}

export function JobTable({ kind, jobs, chosen, onChoose }: Props) {
  const body = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({ count: jobs.length, getScrollElement: () => body.current, estimateSize: () => ROW, overscan: 6 });
  const steps = jobs[0]?.steps ?? [];
  const style = { '--steps': `minmax(150px, 1.5fr) repeat(${steps.length}, minmax(76px, 1fr)) minmax(88px, 1fr) 48px` } as CSSProperties;

  function onKeyDown(event: KeyboardEvent): void {
    const by = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
    const at = jobs.findIndex((job) => job.id === chosen);
    const next = jobs[at + by];
    if (by === 0 || next === undefined) return;
    event.preventDefault();
    onChoose(next.id);
    virtual.scrollToIndex(at + by);
    requestAnimationFrame(() => body.current?.querySelector<HTMLElement>('[aria-selected="true"]')?.focus());
  }

  return (
    <div className="jobs" role="grid" aria-label={text.jobs} aria-rowcount={jobs.length + 1} style={style}>
      <div role="rowgroup">
        <div className="line-row head" role="row" aria-rowindex={1}>
          <span role="columnheader">{text.lxc}</span>
          {steps.map((step) => <span key={step.kind} role="columnheader" className="el">{text.steps[step.kind].head}</span>)}
          <span role="columnheader">{text.result}</span>
          <span role="columnheader" className="num">{text.time}</span>
        </div>
      </div>
      <div ref={body} className="scrolls" role="rowgroup" onKeyDown={onKeyDown} style={{ height: jobs.length * ROW, position: 'relative' }}>
        <div role="presentation" style={{ height: jobs.length * ROW, position: 'relative' }}>
          {virtual.getVirtualItems().map((item) => {
            const job = jobs[item.index];
            if (job === undefined) return null;
            return <JobRow key={job.id} kind={kind} job={job} at={item.index} chosen={job.id === chosen} onChoose={onChoose} />;
          })}
        </div>
      </div>
    </div>
  );
}

interface RowProps {
  kind: OperationKind;
  job: Job;
  at: number;
  chosen: boolean;
  onChoose: (job: string) => void;
}

const JobRow = memo(function JobRow({ kind, job, at, chosen, onChoose }: RowProps) {
  return (
    <div
      className={clsx('line-row job', chosen && 'chosen')}
      role="row"
      aria-rowindex={at + 2}
      aria-selected={chosen}
      tabIndex={chosen ? 0 : -1}
      style={{ transform: `translateY(${at * ROW}px)` }}
      onClick={() => onChoose(job.id)}
      data-testid={`job-${job.vmid}`}
      data-state={job.state}
    >
      <span className="hs" role="gridcell">
        <span className="id">{job.vmid}</span>
        <span className="lead el">{job.name}</span>
      </span>
      {job.steps.map((step) => <span key={step.kind} role="gridcell" className="el" data-testid={`step-${step.kind}`} data-state={step.state}><StepStatus step={step} /></span>)}
      <span role="gridcell" className="el"><Result kind={kind} job={job} /></span>
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

function StepStatus({ step }: { step: Step }) {
  const word = step.detail ?? text.stepStates[step.state];
  return <Status {...STEP[step.state]} title={word}>{word}</Status>;
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
