// The bar of an operation: a piece for each job while there are few, shares when there are many.
import type { Job } from '../bindings/Job';
import type { JobCounts } from '../bindings/JobCounts';
import type { JobState } from '../bindings/JobState';
import { words } from '../words/en';

const ORDER: readonly JobState[] = ['succeeded', 'failed', 'interrupted', 'skipped', 'cancelled', 'running', 'waiting'];
const TONES: Record<JobState, string> = {
  succeeded: 'ok', failed: 'error', interrupted: 'error', skipped: 'mute', cancelled: 'mute', running: 'busy', waiting: '',
};
const PIECES = 24;

export function SegmentBar({ counts, jobs }: { counts: JobCounts; jobs: readonly Job[] | null }) {
  const label = ORDER.filter((state) => counts[state] > 0).map((state) => `${counts[state]} ${words.operations.counts[state]}`).join(', ');
  return (
    <div className="segbar" role="img" aria-label={label}>
      {jobs !== null && jobs.length <= PIECES
        ? ORDER.flatMap((state) => jobs.filter((job) => job.state === state)).map((job) => <Piece key={job.id} job={job} />)
        : ORDER.filter((state) => counts[state] > 0).map((state) => <i key={state} className={TONES[state]} style={{ flexGrow: counts[state], flexBasis: 0 }} />)}
    </div>
  );
}

function Piece({ job }: { job: Job }) {
  if (job.state !== 'running' || job.percent === null) return <i className={TONES[job.state]} style={{ flexGrow: 1, flexBasis: 0 }} />;
  return <i style={{ flexGrow: 1, flexBasis: 0 }}><i className="busy" style={{ width: `${job.percent}%`, height: '100%' }} /></i>;
}
