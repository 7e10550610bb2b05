// Which steps of jobs are worth a column, and which one runs. Pure.
import type { Job } from '../bindings/Job';
import type { Step } from '../bindings/Step';
import type { StepKind } from '../bindings/StepKind';

/** Steps that most jobs pass over, by what makes them needed: a stopped guest, or a console that is no shell. */
const SELDOM: readonly ReadonlySet<StepKind>[] = [new Set(['start', 'stop']), new Set(['openConsole', 'restartGuest', 'closeConsole', 'restartGuestAgain'])];

/** The steps of an operation's jobs in their order. The seldom ones only once a job has come to one of them. */
export function stepsShown(jobs: readonly Job[]): StepKind[] {
  const [first] = jobs;
  if (first === undefined) return [];
  const taken = (kinds: ReadonlySet<StepKind>) => jobs.some((job) => job.steps.some((step) => kinds.has(step.kind) && step.state !== 'skipped' && step.state !== 'waiting'));
  // A restart asked for as such is no part of opening a console: all of its steps are worth a column.
  const own = new Set(first.steps.map((step) => step.kind));
  const passed = SELDOM.filter((kinds) => [...kinds].every((kind) => own.has(kind)) && !taken(kinds));
  return first.steps.map((step) => step.kind).filter((kind) => !passed.some((kinds) => kinds.has(kind)));
}

/** The step that runs. */
export function stepNow(job: Job): Step | null {
  return job.steps.find((step) => step.state === 'running') ?? null;
}
