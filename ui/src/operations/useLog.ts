// The log of one job. Events only say that there is more; the lines are always read in order, so none is lost or doubled.
import { useEffect, useState } from 'react';
import type { LogLine } from '../bindings/LogLine';
import { CommandError, rpc } from '../host';
import { onAside, onReset } from '../live/start';

export function useLog(job: string | null): { lines: readonly LogLine[]; problem: CommandError | null } {
  const [lines, setLines] = useState<readonly LogLine[]>([]);
  const [problem, setProblem] = useState<CommandError | null>(null);

  useEffect(() => {
    setLines([]);
    setProblem(null);
    if (job === null) return undefined;
    let live = true;
    let have: LogLine[] = [];
    let reading = false;
    let more = false;

    async function read(job: string): Promise<void> {
      more = true;
      if (reading) return;
      reading = true;
      try {
        while (more && live) {
          more = false;
          const log = await rpc('read_log', { job, after: have.length });
          if (!live) return;
          have = have.concat(log.lines);
          more ||= log.lines.length > 0 && have.length < log.total;
          if (log.lines.length > 0) setLines(have);
          setProblem(null);
        }
      } catch (thrown) {
        if (live) setProblem(CommandError.from(thrown));
      } finally {
        reading = false;
      }
    }

    void read(job);
    const end = onAside((body) => {
      if (body.kind === 'log' && body.job === job) void read(job);
      // The last lines may be written with the state.
      if (body.kind === 'job' && body.job.id === job) void read(job);
    });
    const endReset = onReset(() => void read(job));
    return () => {
      live = false;
      end();
      endReset();
    };
  }, [job]);

  return { lines, problem };
}
