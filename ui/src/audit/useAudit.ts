// The audit as far as it was read: the newest entries first, older ones when they are asked for.
import { useEffect, useRef, useState } from 'react';
import { type Answer, CommandError, rpc } from '../host';
import { onReset } from '../live/start';

export type Entry = Answer<'read_audit'>['entries'][number];

const PAGE = 100;
/** Typing asks once, not with every letter. */
const PAUSE_MS = 200;

export interface Audit {
  /** Null until something was read. What was read for an older search stays until the new answer is there. */
  entries: readonly Entry[] | null;
  /** There are older ones. */
  more: boolean;
  /** For which search the entries were read. */
  of: string;
  loading: boolean;
  problem: CommandError | null;
  again: () => void;
  older: () => void;
}

interface Held {
  entries: readonly Entry[] | null;
  more: boolean;
  of: string;
}

export function useAudit(search: string): Audit {
  const [held, hold] = useState<Held>({ entries: null, more: false, of: '' });
  const [problem, setProblem] = useState<CommandError | null>(null);
  const [loading, setLoading] = useState(true);
  const [round, setRound] = useState(0);
  /** Only the newest question is answered. */
  const asked = useRef(0);

  async function ask(before: Entry['id'] | null, kept: readonly Entry[]): Promise<void> {
    asked.current += 1;
    const mine = asked.current;
    setLoading(true);
    try {
      const { entries, more } = await rpc('read_audit', { search: search.trim(), before, limit: PAGE });
      if (mine !== asked.current) return;
      hold({ entries: [...kept, ...entries], more, of: search.trim() });
      setProblem(null);
    } catch (thrown) {
      if (mine === asked.current) setProblem(CommandError.from(thrown));
    }
    if (mine === asked.current) setLoading(false);
  }

  const first = useRef(true);
  useEffect(() => {
    const timer = setTimeout(() => void ask(null, []), first.current ? 0 : PAUSE_MS);
    first.current = false;
    return () => {
      clearTimeout(timer);
      asked.current += 1;
    };
    // oxlint-disable-next-line react/exhaustive-deps -- each round reads again
  }, [search, round]);
  useEffect(() => onReset(() => setRound((round) => round + 1)), []);

  return {
    ...held,
    loading,
    problem,
    again: () => setRound((round) => round + 1),
    older: () => {
      const last = held.entries?.at(-1);
      if (last !== undefined && !loading) void ask(last.id, held.entries ?? []);
    },
  };
}
