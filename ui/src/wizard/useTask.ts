// One request at a time, with its failure. A second try clears the first's.
import { useEffect, useRef, useState } from 'react';
import { CommandError } from '../host';

export interface Task {
  busy: boolean;
  problem: CommandError | null;
  run: (work: () => Promise<void>) => Promise<void>;
  /** The failure is about something that is not on the page any more. */
  forget: () => void;
}

export function useTask(): Task {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<CommandError | null>(null);
  const here = useRef(true);
  const running = useRef(false);
  useEffect(() => {
    here.current = true;
    return () => {
      here.current = false;
    };
  }, []);

  async function run(work: () => Promise<void>): Promise<void> {
    if (running.current) return;
    running.current = true;
    setBusy(true);
    setProblem(null);
    try {
      await work();
    } catch (thrown) {
      if (here.current) setProblem(CommandError.from(thrown));
    } finally {
      running.current = false;
      if (here.current) setBusy(false);
    }
  }

  return { busy, problem, run, forget: () => setProblem(null) };
}
