// Left in the plan: the guests in their order, the rules of the run, and who is not in it and why.
import { CircleStop, Flag, Info, type LucideIcon, RotateCcw, ShieldCheck } from 'lucide-react';
import { type KeyboardEvent, memo, useEffect } from 'react';
import type { ImagePlan } from '../bindings/ImagePlan';
import type { Plan } from '../bindings/Plan';
import type { PlannedGuest } from '../bindings/PlannedGuest';
import type { PlannedWork } from '../bindings/PlannedWork';
import type { OperationKind } from '../bindings/OperationKind';
import { isSecurity } from '../panel/packages';
import { Status } from '../parts/Status';
import { words } from '../words/en';
import { count } from '../words/format';
import { containersOf } from './ImageWork';
import { NEVER, PlanOptions } from './PlanOptions';
import { Remedies } from './Remedies';
import { usePlan } from './state';

const text = words.plan;

export function OrderList({ plan, chosen, onChoose }: { plan: Plan; chosen: number; onChoose: (at: number) => void }) {
  // What asked for another plan was drawn anew with it, and lost the focus.
  useEffect(() => {
    const { ticked } = usePlan.getState();
    if (ticked === null) return undefined;
    const focus = () => document.querySelector<HTMLElement>(`[data-testid="${ticked}"]`)?.focus();
    focus();
    // The dialog takes the focus to itself a moment after the old control went.
    const frame = requestAnimationFrame(focus);
    return () => cancelAnimationFrame(frame);
  }, []);
  function onKeyDown(event: KeyboardEvent<HTMLElement>): void {
    const by = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
    const at = chosen + by;
    if (by === 0 || plan.guests[at] === undefined) return;
    event.preventDefault();
    onChoose(at);
    event.currentTarget.querySelectorAll<HTMLElement>('[role="option"]')[at]?.focus();
  }
  return (
    <div className="plan-order">
      <div className="sect border-b border-line"><b>{text.order}</b><span className="fill" />{plan.guests.length > 1 && text.oneByOne}</div>
      <div className="scrolls min-h-0 flex-1">
        <div role="listbox" aria-label={text.order} onKeyDown={onKeyDown}>
          {plan.guests.map((guest, i) => <Guest key={guest.guest} guest={guest} at={i} alone={plan.canary && i === 0 && plan.guests.length > 1} chosen={i === chosen} onChoose={onChoose} />)}
        </div>
        <Rules plan={plan} />
      </div>
      <PlanOptions plan={plan} />
      <Remedies plan={plan} />
      {plan.leftOut.length > 0 && <LeftOut plan={plan} />}
    </div>
  );
}

const Guest = memo(function Guest({ guest, at, alone, chosen, onChoose }: { guest: PlannedGuest; at: number; alone: boolean; chosen: boolean; onChoose: (at: number) => void }) {
  const removed = guest.work.kind === 'update' ? guest.work.plan.removed.length : 0;
  const moved = guest.work.kind === 'update' ? guest.work.moved.length : 0;
  return (
    <div className="plan-guest" role="option" aria-selected={chosen} tabIndex={chosen ? 0 : -1} onClick={() => onChoose(at)} data-testid={`plan-guest-${guest.vmid}`}>
      <span className="nr">{at + 1}</span>
      <span className="hs"><span className="id">{guest.vmid}</span><span className="who el">{guest.name}</span></span>
      <span />
      <span className="more"><Work guest={guest} /></span>
      <span className="more t3">
        <span>{guest.node}</span>
        {guest.work.kind === 'enrol' && guest.work.start && <Status tone="caution" glyph="run">{text.started}</Status>}
        {guest.work.kind === 'enrol' && guest.work.shell && !guest.work.start && <Status tone="caution" glyph="back">{text.restarted}</Status>}
        {alone && <Status tone="info" glyph="run">{words.planOptions.canaryRow}</Status>}
        {moved > 0 && <Status tone="caution" glyph="back">{words.approvals.movedRow}</Status>}
        {removed > 0 && <Status tone="caution" glyph="uns">{text.removing(removed)}</Status>}
      </span>
    </div>
  );
});

function Work({ guest }: { guest: PlannedGuest }) {
  const { work } = guest;
  if (work.kind === 'updateImages') return <Images plan={work.plan} />;
  if (work.kind !== 'update') return <Status tone="mute" glyph="wait">{how(work)}</Status>;
  const { upgraded } = work.plan;
  const security = upgraded.filter((upgrade) => isSecurity(upgrade.severity)).length;
  return (
    <>
      <Status tone="info" glyph="upd">{words.updates(upgraded.length)}</Status>
      {security > 0 && <Status tone="sec" glyph="sec">{words.updateState.security(security)}</Status>}
    </>
  );
}

function Images({ plan }: { plan: ImagePlan }) {
  return (
    <>
      <Status tone="info" glyph="upd">{words.renewal.images(plan.images.length)}</Status>
      <span className="t3">{words.renewal.containers(containersOf(plan).length)}</span>
    </>
  );
}

function how(work: Exclude<PlannedWork, { kind: 'update' | 'updateImages' }>): string {
  switch (work.kind) {
    case 'upgradeAgent':
      return text.upgradeRow(work.from, work.to);
    case 'repair':
      return words.repair.row;
    case 'restartGuest':
      return words.restart.row;
    case 'enrol':
    case 'restartAgent':
    case 'removeAgent':
      return work.reach;
  }
}

const RULES: Record<OperationKind, string> = {
  enrol: text.enrolFail, scan: text.recheck, update: text.recheck, restartAgent: text.restartFail, removeAgent: text.removeFail, upgradeAgent: text.upgradeFail, repair: words.repair.fail, updateImages: words.renewal.fail, restartGuest: words.restart.fail,
};

function Rules({ plan }: { plan: Plan }) {
  if (plan.guests.length === 0) return null;
  return (
    <div className="rules">
      <Rule icon={plan.kind === 'update' ? ShieldCheck : plan.kind === 'enrol' || plan.kind === 'updateImages' ? RotateCcw : Info} text={RULES[plan.kind]} />
      {plan.canary && plan.guests.length > 1 && <Rule icon={Flag} text={words.planOptions.canaryRule} />}
      {plan.guests.length > 1 && <Rule icon={CircleStop} text={plan.stopPercent >= NEVER ? words.planOptions.neverStops : text.stops(plan.stopAfter)} />}
    </div>
  );
}

function Rule({ icon: Icon, text }: { icon: LucideIcon; text: string }) {
  return <div className="hs high"><Icon className="icon small t3" aria-hidden /><span>{text}</span></div>;
}

function LeftOut({ plan }: { plan: Plan }) {
  return (
    <div className="left-out scrolls" data-testid="plan-left-out" tabIndex={0} role="group" aria-label={text.notIn}>
      <h3 className="small t3 mb-1">{`${text.notIn}, ${count(plan.leftOut.length)}`}</h3>
      <ul className="small t2 grid gap-1">
        {plan.leftOut.map((guest) => (
          <li key={guest.guest} data-testid={`left-out-${guest.vmid}`}><span className="id">{guest.vmid}</span> <span className="t1">{guest.name}</span>{`: ${guest.why}`}</li>
        ))}
      </ul>
    </div>
  );
}
