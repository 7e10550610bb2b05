// Why a list cannot be read, and a second try.
import type { Asked } from '../live/asked';
import { ErrorNote } from '../parts/Note';
import { words } from '../words/en';

export function Trouble({ asked, testId }: { asked: Asked<unknown>; testId: string }) {
  if (asked.problem === null) return null;
  return <div className="p-4"><ErrorNote error={asked.problem} testId={testId} action={<button type="button" className="button compact" onClick={asked.again}>{words.tryAgain}</button>} /></div>;
}
