// The jobs of one operation: read once, then kept by events.
import { useEffect, useState } from 'react';
import type { Job } from '../bindings/Job';
import { CommandError, rpc } from '../host';
import { onAside, onReset } from '../live/start';
import type { Wishes } from './retry';

interface Jobs {
  jobs: readonly Job[] | null;
  /** Of the approved plan; none before the jobs were read. */
  wishes: Wishes | null;
  problem: CommandError | null;
  read: () => void;
}

export function useJobs(operation: string): Jobs {
  const [jobs, setJobs] = useState<readonly Job[] | null>(null);
  const [wishes, setWishes] = useState<Wishes | null>(null);
  const [problem, setProblem] = useState<CommandError | null>(null);
  const [tries, setTries] = useState(0);

  useEffect(() => {
    let live = true;
    /** Jobs that moved while the answer was on its way. */
    let moved = new Map<string, Job>();
    /** Jobs that moved in this frame: a thousand of them make one new list, not a thousand. */
    let fresh = new Map<string, Job>();
    const put = () => {
      const taken = fresh;
      fresh = new Map();
      if (live) setJobs((jobs) => jobs?.map((job) => taken.get(job.id) ?? job) ?? null);
    };
    rpc('operation_details', { operation }).then(
      ({ jobs, only, allowed }) => {
        if (!live) return;
        setWishes({ only, allowed });
        setJobs(jobs.map((job) => moved.get(job.id) ?? job));
        setProblem(null);
        moved = new Map();
      },
      (thrown) => live && setProblem(CommandError.from(thrown)),
    );
    const end = onAside((body) => {
      if (body.kind !== 'job' || body.operation !== operation) return;
      moved.set(body.job.id, body.job);
      if (fresh.size === 0) queueMicrotask(put);
      fresh.set(body.job.id, body.job);
    });
    const endReset = onReset(() => setTries((n) => n + 1));
    return () => {
      live = false;
      end();
      endReset();
    };
    // oxlint-disable-next-line react/exhaustive-effect-dependencies -- another try reads again
  }, [operation, tries]);

  return { jobs, wishes, problem, read: () => setTries((n) => n + 1) };
}
