// Trying again what did not end well: the same kind of operation, for those LXCs alone.
import type { Allowed } from '../bindings/Allowed';
import type { Job } from '../bindings/Job';
import type { JobState } from '../bindings/JobState';
import type { Operation } from '../bindings/Operation';
import type { Target } from '../bindings/Target';
import type { UpdateFilter } from '../bindings/UpdateFilter';
import { fail, tell } from '../app/notices';
import { go } from '../app/place';
import { rpc } from '../host';
import { makePlan } from '../plan/state';
import { words } from '../words/en';

const AGAIN: ReadonlySet<JobState> = new Set(['failed', 'interrupted', 'cancelled']);
const LEFT_OUT: ReadonlySet<JobState> = new Set(['skipped']);

/**
 * The jobs worth another try, and those that were left out: what was in their way may be gone, which only a new plan
 * tells. None while the operation goes on: it may still come to them.
 */
export function retryable(operation: Operation, jobs: readonly Job[]): { again: readonly Job[]; leftOut: readonly Job[] } {
  if (operation.endedAt === null) return { again: [], leftOut: [] };
  return { again: jobs.filter((job) => AGAIN.has(job.state)), leftOut: jobs.filter((job) => LEFT_OUT.has(job.state)) };
}

/** What the plan of the first try was about, and what it might do beyond its kind. */
export interface Wishes {
  only: UpdateFilter;
  allowed: Allowed;
}

/** A scan begins at once; everything else begins with a plan of its own, made with the wishes of the first one. */
export async function retry(kind: Operation['kind'], jobs: readonly Job[], wishes: Wishes): Promise<void> {
  const targets: Target[] = jobs.map((job) => ({ kind: 'guest', guest: job.guest }));
  if (kind !== 'scan') {
    await makePlan({ kind, targets, ...wishes }, 'operation');
    return;
  }
  try {
    const { operation } = await rpc('start_scan', { targets });
    tell(words.actions.scanStarted(words.lxcs(jobs.length)));
    go({ view: 'operation', id: operation, job: null });
  } catch (thrown) {
    fail(thrown);
  }
}
