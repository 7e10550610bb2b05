// How an update goes: of several LXCs one first, and when it stops; of images, whether others of their compose projects
// come along. Each choice makes the plan anew.
import type { Plan } from '../bindings/Plan';
import type { UpdateFilter } from '../bindings/UpdateFilter';
import { familiar } from '../panel/images';
import { Choice } from '../parts/Choice';
import { TickLine } from '../parts/Tick';
import { words } from '../words/en';
import { percent } from '../words/format';
import { change } from './state';

const text = words.planOptions;
/** All of them may fail. */
export const NEVER = 100;
const STOPS: readonly number[] = [10, 20, 50, NEVER];

type NamedImages = Extract<UpdateFilter, { kind: 'images' }>;

export function PlanOptions({ plan }: { plan: Plan }) {
  const updates = plan.kind === 'update' || plan.kind === 'updateImages';
  const several = updates && plan.guests.length > 1;
  const named = plan.kind === 'updateImages' && plan.only.kind === 'images' ? plan.only : null;
  const beside = named === null ? [] : besideOf(plan, named);
  // What was ticked can be taken back, even where nothing came along.
  const offered = named !== null && (named.projects || beside.length > 0);
  if (!several && !offered) return null;
  return (
    <div className="remedies small" role="group" aria-label={text.label} data-testid="plan-options">
      {offered && <Beside only={named} names={beside} />}
      {several && <Run plan={plan} />}
    </div>
  );
}

function Run({ plan }: { plan: Plan }) {
  // A share that is none of the usual ones is shown as well: else nothing would be chosen.
  const stops = STOPS.includes(plan.stopPercent) ? STOPS : [...STOPS, plan.stopPercent].toSorted((a, b) => a - b);
  const shown = stops.map((stop) => [String(stop), stop >= NEVER ? text.never : percent(stop / 100)] as const);
  return (
    <>
      <TickLine checked={plan.canary} onChange={(canary) => change({ canary }, 'plan-canary')} testId="plan-canary">{text.canary}</TickLine>
      <Choice label={text.stop} value={String(plan.stopPercent)} options={shown} onChange={(stop) => change({ stopPercent: Number(stop) }, `plan-stop-${stop}`)} testId="plan-stop" />
    </>
  );
}

function Beside({ only, names }: { only: NamedImages; names: readonly string[] }) {
  return (
    <TickLine checked={only.projects} onChange={(projects) => change({ only: { ...only, projects } }, 'plan-projects')} testId="plan-projects">
      <span className="wrap-anywhere" title={names.join(', ')}>{words.renewal.beside(names.map(familiar))}</span>
    </TickLine>
  );
}

/** The images that the tick would take along, or has taken: once they are in the plan, nothing is beside it any more. */
function besideOf({ guests }: Plan, { names, projects }: NamedImages): string[] {
  const all = guests.flatMap(({ work }) => {
    if (work.kind !== 'updateImages') return [];
    return projects ? work.plan.images.map(({ image }) => image).filter((image) => !names.includes(image)) : work.plan.beside;
  });
  return [...new Set(all)].toSorted();
}
