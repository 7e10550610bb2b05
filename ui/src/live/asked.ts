// An answer that is read while somebody looks at it, and again when what it depends on has changed.
import { useEffect, useState } from 'react';
import { CommandError } from '../host';
import { onReset } from './start';

export interface Asked<T> {
  /** The newest answer; an older one stays while a new one is on its way or cannot be had. */
  answer: T | null;
  problem: CommandError | null;
  loading: boolean;
  again: () => void;
}

interface Held<T> {
  answer: T | null;
  problem: CommandError | null;
  /** For what it was read. */
  of: string | null;
}

/** `mark` stands for everything that the answer depends on. `pause` keeps those who only pass by from asking. */
export function useAsked<T>(mark: string, ask: () => Promise<T>, pause = 0): Asked<T> {
  const [held, hold] = useState<Held<T>>({ answer: null, problem: null, of: null });
  const [round, setRound] = useState(0);
  const again = () => setRound((round) => round + 1);
  useEffect(() => onReset(() => setRound((round) => round + 1)), []);
  const wanted = `${round} ${mark}`;
  useEffect(() => {
    let here = true;
    const timer = setTimeout(() => {
      ask().then(
        (answer) => here && hold({ answer, problem: null, of: wanted }),
        (thrown: unknown) => here && hold((held) => ({ answer: held.answer, problem: CommandError.from(thrown), of: wanted })),
      );
    }, pause);
    return () => {
      here = false;
      clearTimeout(timer);
    };
    // oxlint-disable-next-line react/exhaustive-deps -- the mark stands for what is asked
  }, [wanted]);
  return { ...held, loading: held.of !== wanted, again };
}

/** Marks with a time in it change once a minute: what Proxmox says of load and disks need not be newer. */
export const minuteOf = (at: number | null): number | null => (at === null ? null : Math.floor(at / 60_000));
