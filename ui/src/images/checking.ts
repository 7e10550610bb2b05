// Asking all registries now, whoever wants it: the view or a row's menu. It runs once at a time.
import { create } from 'zustand';
import { tell } from '../app/notices';
import { CommandError, rpc } from '../host';
import { forgetDetails } from '../live/details';
import { words } from '../words/en';

interface Checking {
  running: boolean;
  /** Why the last try ended early; it stays in the view until the next one. */
  problem: CommandError | null;
  /** Counts up whenever images were asked about or a registry was changed here, so that lists of them are read again. */
  moves: number;
}

export const useChecking = create<Checking>(() => ({ running: false, problem: null, moves: 0 }));

export function registriesMoved(): void {
  useChecking.setState(({ moves }) => ({ moves: moves + 1 }));
}

/** Answers with the failure, for those who show it elsewhere. */
export async function checkImages(): Promise<CommandError | null> {
  if (useChecking.getState().running) return null;
  useChecking.setState({ running: true, problem: null });
  let problem: CommandError | null = null;
  try {
    await rpc('check_images', {});
    tell(words.fleetImages.check.done);
  } catch (thrown) {
    problem = CommandError.from(thrown);
  }
  useChecking.setState({ running: false, problem });
  registriesMoved();
  // The figures of an LXC may be the same, and the times and digests behind them others.
  forgetDetails();
  return problem;
}
