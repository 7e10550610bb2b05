// The foot of the plan: the sums, and the one red button.
import { Dialog } from '@base-ui/react/dialog';
import { useEffect, useRef } from 'react';
import type { Plan } from '../bindings/Plan';
import { isSecurity } from '../panel/packages';
import { Status } from '../parts/Status';
import { TickLine } from '../parts/Tick';
import { words } from '../words/en';
import { containersOf } from './ImageWork';
import { approvePlan, planAgain, type PlanState, usePlan } from './state';

const text = words.plan;

interface Props {
  current: Extract<PlanState, { phase: 'ready' }>;
  late: boolean;
  removals: boolean;
  onRemovals: (read: boolean) => void;
}

export function PlanFoot({ current, late, removals, onRemovals }: Props) {
  const approve = useRef<HTMLButtonElement>(null);
  // The dialog stood open while the plan was made, so the focus is on a button that is gone.
  useEffect(() => {
    if (usePlan.getState().ticked === null) approve.current?.focus();
  }, []);
  const { plan, approving, problem } = current;
  const sums = sumsOf(plan);
  const dead = late || problem?.code === 'planMoved';
  const ready = !dead && !approving && plan.guests.length > 0 && (sums.removed === 0 || removals);
  return (
    <div className="dialog-foot">
      <div className="fill small">
        <div className="hs wide">
          <b className="medium">{totalOf(plan, sums)}</b>
          {sums.security > 0 && <Status tone="sec" glyph="sec">{text.security_n(sums.security)}</Status>}
          {plan.kind === 'updateImages' && <span className="t3">{words.renewal.containers(sums.containers)}</span>}
          {plan.kind === 'update' && <span className="t3">{text.total_download(sums.download)}</span>}
        </div>
        <div className="t3 mt-0.5">{text.onlyThis}</div>
        {sums.removed > 0 && <div className="mt-1.5"><TickLine checked={removals} onChange={onRemovals} testId="plan-removals">{text.removals(sums.removed)}</TickLine></div>}
      </div>
      <Dialog.Close className="button ghost">{words.cancel}</Dialog.Close>
      {dead ? (
        <button type="button" className="button primary" onClick={planAgain} data-testid="plan-remake">{text.again}</button>
      ) : (
        <button ref={approve} type="button" className="button primary" disabled={!ready} onClick={() => void approvePlan()} data-testid="plan-approve">{text.approve(plan.short)}</button>
      )}
    </div>
  );
}

interface Sums {
  updates: number;
  security: number;
  removed: number;
  download: number;
  images: number;
  containers: number;
}

/** What the plan is about, in the words of its kind. */
function totalOf(plan: Plan, sums: Sums): string {
  switch (plan.kind) {
    case 'update':
      return words.updates(sums.updates);
    case 'updateImages':
      return words.renewal.images(sums.images);
    case 'scan':
    case 'repair':
    case 'restartGuest':
      return words.lxcs(plan.guests.length);
    case 'enrol':
    case 'restartAgent':
    case 'removeAgent':
    case 'upgradeAgent':
      return text.agents(plan.guests.length);
  }
}

function sumsOf(plan: Plan): Sums {
  const sums: Sums = { updates: 0, security: 0, removed: 0, download: 0, images: 0, containers: 0 };
  for (const { work } of plan.guests) {
    if (work.kind === 'updateImages') {
      sums.images += work.plan.images.length;
      sums.containers += containersOf(work.plan).length;
    }
    if (work.kind !== 'update') continue;
    sums.updates += work.plan.upgraded.length;
    sums.security += work.plan.upgraded.filter((upgrade) => isSecurity(upgrade.severity)).length;
    sums.removed += work.plan.removed.length;
    sums.download += work.plan.download;
  }
  return sums;
}
