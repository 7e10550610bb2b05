// The load of an LXC over an hour up to a year, as Proxmox keeps it. Read again each minute while it is looked at.
import { useState } from 'react';
import type { TimeFrame } from '../bindings/TimeFrame';
import { rpc } from '../host';
import { minuteOf, useAsked } from '../live/asked';
import { useNow } from '../live/clock';
import { Segments } from '../parts/Choice';
import { ErrorNote } from '../parts/Note';
import { words } from '../words/en';
import { CHARTS, FRAMES, isEmpty } from './load';
import { LoadChart } from './LoadChart';

const text = words.load;

export function ResourcesTab({ guest }: { guest: string }) {
  const [frame, setFrame] = useState<TimeFrame>('hour');
  const minute = minuteOf(useNow());
  // With its frame, so that an older answer is never drawn as another span of time.
  const { answer, problem, again } = useAsked(JSON.stringify([guest, frame, minute]), async () => ({ frame, points: (await rpc('guest_load', { guest, frame })).points }));
  const points = answer?.points ?? [];
  return (
    <div className="pt-2" data-testid="resources">
      <div className="px-4 pb-2 load-frames"><Segments label={text.frame} value={frame} options={FRAMES.map((one) => [one, text.frames[one]])} onChange={setFrame} testId="frame" /></div>
      {problem !== null && <div className="px-4 pb-3"><ErrorNote error={problem} testId="load-error" action={<button type="button" className="button compact" onClick={again} data-testid="load-again">{words.tryAgain}</button>} /></div>}
      {answer === null && problem === null && <p className="px-4 small t3" role="status">{text.reading}</p>}
      {answer !== null && isEmpty(points) && <div className="px-4 py-3" data-testid="load-none"><p className="medium">{text.none}</p><p className="small t2 mt-1">{text.noneText}</p></div>}
      {answer !== null && !isEmpty(points) && <div className={problem === null ? undefined : 'past-load'}>{CHARTS.map((chart) => <LoadChart key={chart.id} chart={chart} points={points} frame={answer.frame} />)}</div>}
    </div>
  );
}
