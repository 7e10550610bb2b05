// The plan: exactly what will be done, guest by guest, before anything is changed.
import { Dialog } from '@base-ui/react/dialog';
import { RefreshCw, X } from 'lucide-react';
import { useState } from 'react';
import type { MakePlan } from '../bindings/MakePlan';
import type { Plan } from '../bindings/Plan';
import { useSeconds } from '../live/clock';
import { ErrorNote, Note } from '../parts/Note';
import { Meter } from '../parts/Status';
import { words } from '../words/en';
import { exact, timeOfDay } from '../words/format';
import { GuestPlanView } from './GuestPlanView';
import { OrderList } from './OrderList';
import { PlanFoot } from './PlanFoot';
import { closePlan, planAgain, type PlanState, usePlan } from './state';

const text = words.plan;

export function PlanDialog() {
  const current = usePlan((plans) => plans.current);
  if (current === null) return null;
  return (
    <Dialog.Root open onOpenChange={(open) => !open && closePlan()}>
      <Dialog.Portal>
        <Dialog.Backdrop className="scrim" />
        <div className="dialog-place">
          <Dialog.Popup className="dialog plan" data-testid="plan" initialFocus={approveButton}>
            {current.phase === 'ready' ? <Ready key={current.plan.id} current={current} /> : <Unready current={current} />}
          </Dialog.Popup>
        </div>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

/** The next step has the focus, when the plan is there already as the dialog opens. */
const approveButton = () => document.querySelector<HTMLElement>('[data-testid="plan-approve"]:not(:disabled)') ?? true;

/** What happens while the plan is made. */
function doing(kind: MakePlan['kind']): string {
  if (kind === 'updateImages') return words.renewal.looking;
  if (kind === 'restartGuest') return words.restart.looking;
  return kind === 'update' ? text.asking : text.checking;
}

function Head({ title, plan, kind }: { title: string; plan: Plan | null; kind: MakePlan['kind'] }) {
  return (
    <div className="dialog-head">
      <div className="fill">
        <Dialog.Title>{title}</Dialog.Title>
        {plan !== null && (
          <Dialog.Description className="small t3 mt-0.5" title={exact(plan.goodUntil)}>
            {`${text.head} `}
            <span className="mono t2" data-testid="plan-short">{plan.short}</span>
            {` · ${text.meta(timeOfDay(plan.madeAt), timeOfDay(plan.goodUntil))}`}
          </Dialog.Description>
        )}
        {plan === null && <Dialog.Description className="small t3 mt-0.5">{doing(kind)}</Dialog.Description>}
      </div>
      {plan !== null && (
        <button type="button" className="button ghost" onClick={planAgain} data-testid="plan-again">
          <RefreshCw className="icon" aria-hidden />
          {text.again}
        </button>
      )}
      <Dialog.Close className="button ghost square" aria-label={words.close}><X className="icon" aria-hidden /></Dialog.Close>
    </div>
  );
}

function Unready({ current }: { current: Exclude<PlanState, { phase: 'ready' }> }) {
  return (
    <>
      <Head title={current.phase === 'making' ? text.making : text.failed} plan={null} kind={current.request.kind} />
      {current.phase === 'making' ? (
        <div className="making" role="status" data-testid="plan-making">
          {current.of > 0 && (
            <>
              <p>{text.answered(current.answered, current.of)}</p>
              <div className="w-80"><Meter share={current.answered / current.of} label={text.answered(current.answered, current.of)} tone="busy" /></div>
            </>
          )}
        </div>
      ) : (
        <div className="flex-1 p-5"><ErrorNote error={current.problem} testId="plan-failed" /></div>
      )}
      <div className="dialog-foot">
        <span className="small t3 fill">{text.notThere}</span>
        <Dialog.Close className="button ghost">{words.cancel}</Dialog.Close>
        {current.phase === 'failed' && <button type="button" className="button primary" onClick={planAgain}>{words.tryAgain}</button>}
      </div>
    </>
  );
}

function Ready({ current }: { current: Extract<PlanState, { phase: 'ready' }> }) {
  const { plan, problem } = current;
  const [chosen, setChosen] = useState(() => Math.max(0, plan.guests.findIndex(({ work }) => work.kind === 'update' && work.moved.length > 0)));
  const [removals, setRemovals] = useState(false);
  const late = useSeconds() >= plan.goodUntil;
  const guest = plan.guests[chosen] ?? null;
  return (
    <>
      <Head title={text.titles[plan.kind](plan.guests.length)} plan={plan} kind={plan.kind} />
      <div className="plan-body">
        <OrderList plan={plan} chosen={chosen} onChoose={setChosen} />
        <div className="plan-right scrolls">
          {late && problem === null && <Note tone="caution" glyph="old" testId="plan-expired">{text.expired}</Note>}
          {problem !== null && <ErrorNote error={problem} testId="plan-problem" />}
          {plan.unrated > 0 && <Note tone="caution" glyph="sec" testId="plan-unrated">{words.planOptions.unrated(plan.unrated)}</Note>}
          {guest === null ? <Note glyph="uns" testId="plan-empty">{plan.leftOut.some((left) => left.remedy !== null) ? text.emptyYet : text.empty}</Note> : <GuestPlanView guest={guest} />}
        </div>
      </div>
      <PlanFoot current={current} late={late} removals={removals} onRemovals={setRemovals} />
    </>
  );
}
