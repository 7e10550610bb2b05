// Which steps of jobs are worth a column, and which one runs. Pure.
import type { Job } from '../bindings/Job';
import type { Step } from '../bindings/Step';
import type { StepKind } from '../bindings/StepKind';

/** Steps that most jobs pass over: a guest is started and stopped again only where it was stopped. */
const SELDOM: ReadonlySet<StepKind> = new Set(['start', 'stop']);

/** The steps of an operation's jobs in their order. The seldom ones only once a job has come to one of them. */
export function stepsShown(jobs: readonly Job[]): StepKind[] {
  const [first] = jobs;
  if (first === undefined) return [];
  const all = first.steps.map((step) => step.kind);
  if (!all.some((kind) => SELDOM.has(kind))) return all;
  const taken = jobs.some((job) => job.steps.some((step) => SELDOM.has(step.kind) && step.state !== 'skipped' && step.state !== 'waiting'));
  return taken ? all : all.filter((kind) => !SELDOM.has(kind));
}

/** The step that runs. */
export function stepNow(job: Job): Step | null {
  return job.steps.find((step) => step.state === 'running') ?? null;
}
