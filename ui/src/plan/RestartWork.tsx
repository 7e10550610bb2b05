// Right in the plan: how one LXC is restarted, how long it is away, and what is lost by it.
import { words } from '../words/en';
import { Points } from './Points';
import { StepCard } from './StepCard';

const text = words.restart;

/** `patience`: how many seconds its own shutdown may take. */
export function RestartWork({ patience }: { patience: number }) {
  return (
    <>
      <div className="facts">
        <div data-testid="plan-way-back">
          <h3>{words.plan.wayBack}</h3>
          <b>{words.plan.noWayBack}</b>
        </div>
        <div data-testid="plan-downtime">
          <h3>{text.downtime}</h3>
          <b>{text.until}</b>
          <div className="t3 mt-1">{text.hard(patience)}</div>
        </div>
      </div>
      <StepCard steps={text.list(patience)} />
      <div className="grid grid-cols-2 gap-3 small">
        <Points title={text.after} points={text.afterList} tone="ok" glyph="ok" />
        <Points title={words.plan.cannot} points={text.lostList} tone="mute" glyph="uns" />
      </div>
    </>
  );
}
