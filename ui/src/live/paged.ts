// A long list that Rust searches and gives page by page: the newest first, older ones when they are asked for.
import { useEffect, useRef, useState } from 'react';
import { CommandError } from '../host';
import { onReset } from './start';

export interface Paged<T> {
  /** Null until something was read. What was read for an older search stays until the new answer is there. */
  rows: readonly T[] | null;
  /** There are older ones. */
  more: boolean;
  /** For which search the rows were read. */
  of: string;
  loading: boolean;
  problem: CommandError | null;
  again: () => void;
  older: () => void;
}

interface Held<T> {
  rows: readonly T[] | null;
  more: boolean;
  of: string;
}

/** Typing asks once, not with every letter. */
const PAUSE_MS = 200;

/** `mark` stands for what else the list depends on. `key` keeps a row from standing there twice. */
export function usePaged<T>(search: string, mark: string, read: (search: string, last: T | null) => Promise<{ rows: readonly T[]; more: boolean }>, key: (row: T) => string): Paged<T> {
  const [held, hold] = useState<Held<T>>({ rows: null, more: false, of: '' });
  const [problem, setProblem] = useState<CommandError | null>(null);
  const [loading, setLoading] = useState(true);
  const [round, setRound] = useState(0);
  /** Only the newest question is answered. */
  const asked = useRef(0);

  async function ask(last: T | null, kept: readonly T[]): Promise<void> {
    asked.current += 1;
    const mine = asked.current;
    setLoading(true);
    try {
      const { rows, more } = await read(search.trim(), last);
      if (mine !== asked.current) return;
      const known = new Set(kept.map(key));
      hold({ rows: [...kept, ...rows.filter((row) => !known.has(key(row)))], more, of: search.trim() });
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
  }, [search, mark, round]);
  useEffect(() => onReset(() => setRound((round) => round + 1)), []);

  return {
    ...held,
    loading,
    problem,
    again: () => setRound((round) => round + 1),
    older: () => {
      const last = held.rows?.at(-1);
      if (last !== undefined && !loading) void ask(last, held.rows ?? []);
    },
  };
}
