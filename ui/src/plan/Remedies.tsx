// What the plan may do beyond its kind, so that guests which are left out come into it: a tick box each.
import type { Plan } from '../bindings/Plan';
import type { PlannedGuest } from '../bindings/PlannedGuest';
import type { Remedy } from '../bindings/Remedy';
import { TickLine } from '../parts/Tick';
import { words } from '../words/en';
import { allow, remedyId } from './state';

const text = words.plan;
const REMEDIES: readonly Remedy[] = ['start', 'takeOver', 'shell', 'removals', 'engine'];

export function Remedies({ plan }: { plan: Plan }) {
  const shown = REMEDIES.filter((remedy) => plan.allowed[remedy] || waiting(plan, remedy) > 0);
  if (shown.length === 0) return null;
  return (
    <div className="remedies small" role="group" aria-label={text.beyond}>
      {shown.map((remedy) => {
        const on = plan.allowed[remedy];
        return <TickLine key={remedy} checked={on} onChange={(on) => allow(remedy, on)} testId={remedyId(remedy)}>{text.remedies[remedy](on ? taken(plan, remedy) : waiting(plan, remedy))}{remedy === 'shell' && <span className="t3">{` ${text.shellMeans}`}</span>}</TickLine>;
      })}
    </div>
  );
}

/** Guests that would come into the plan, or with more than now. */
function waiting(plan: Plan, remedy: Remedy): number {
  const more = plan.guests.filter(({ work }) => work.kind === 'update' && work.plan.keptBack.some((kept) => kept.remedy === remedy));
  return more.length + plan.leftOut.filter((guest) => guest.remedy === remedy).length;
}

/** Guests that are in it for the tick. Which of them another RedFlag owns shows only inside, and so does which packages are Docker's engine. */
function taken(plan: Plan, remedy: Remedy): number {
  const is = ({ work }: PlannedGuest): boolean => {
    switch (remedy) {
      case 'start':
      case 'shell':
        return work.kind === 'enrol' && work[remedy];
      case 'removals':
        return work.kind === 'update' && work.plan.removed.length > 0;
      case 'takeOver':
      case 'engine':
        return false;
    }
  };
  return plan.guests.filter(is).length;
}
