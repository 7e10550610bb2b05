// How an update of several LXCs goes: one of them first, and when it stops. Each choice makes the plan anew.
import type { Plan } from '../bindings/Plan';
import { Choice } from '../parts/Choice';
import { TickLine } from '../parts/Tick';
import { words } from '../words/en';
import { percent } from '../words/format';
import { change } from './state';

const text = words.planOptions;
/** All of them may fail. */
export const NEVER = 100;
const STOPS: readonly number[] = [10, 20, 50, NEVER];

export function PlanOptions({ plan }: { plan: Plan }) {
  const updates = plan.kind === 'update' || plan.kind === 'updateImages';
  if (!updates || plan.guests.length < 2) return null;
  // A share that is none of the usual ones is shown as well: else nothing would be chosen.
  const stops = STOPS.includes(plan.stopPercent) ? STOPS : [...STOPS, plan.stopPercent].toSorted((a, b) => a - b);
  const shown = stops.map((stop) => [String(stop), stop >= NEVER ? text.never : percent(stop / 100)] as const);
  return (
    <div className="remedies small" role="group" aria-label={text.label} data-testid="plan-options">
      <TickLine checked={plan.canary} onChange={(canary) => change({ canary }, 'plan-canary')} testId="plan-canary">{text.canary}</TickLine>
      <Choice label={text.stop} value={String(plan.stopPercent)} options={shown} onChange={(stop) => change({ stopPercent: Number(stop) }, `plan-stop-${stop}`)} testId="plan-stop" />
    </div>
  );
}
