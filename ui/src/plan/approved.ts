// Installing what was approved: with one click where everything still is as it was approved, else through the plan dialog.
import type { Plan } from '../bindings/Plan';
import type { Target } from '../bindings/Target';
import { fail, tell } from '../app/notices';
import { CommandError, rpc } from '../host';
import { words } from '../words/en';
import { asRequest, type PlanState, started, usePlan } from './state';

const text = words.approvals;
let busy = false;

/** Nothing moved, nobody is left out, nothing is removed: what would be asked was answered by the approvals. */
export function asApproved(plan: Plan): boolean {
  return plan.guests.length > 0 && plan.leftOut.length === 0 && plan.guests.every(({ work }) => work.kind === 'update' && work.moved.length === 0 && work.plan.removed.length === 0);
}

export async function installApproved(targets: Target[]): Promise<void> {
  // A second click must not make a second plan of the same approvals.
  if (busy) {
    tell(text.busy);
    return;
  }
  busy = true;
  const request = asRequest({ kind: 'update', targets, only: { kind: 'approved' } });
  tell(text.making(targets.length));
  try {
    const plan = await rpc('make_plan', request);
    if (!asApproved(plan)) {
      show({ phase: 'ready', request, plan, approving: false, problem: null }, new CommandError({ code: 'conflict', message: text.look, words: null, next: text.lookNext }));
      return;
    }
    try {
      await rpc('approve_plan', { plan: plan.id, fingerprint: plan.fingerprint });
      started(plan);
    } catch (thrown) {
      const problem = CommandError.from(thrown);
      show({ phase: 'ready', request, plan, approving: false, problem }, problem);
    }
  } catch (thrown) {
    const problem = CommandError.from(thrown);
    show({ phase: 'failed', request, problem }, problem);
  } finally {
    busy = false;
  }
}

/** In the dialog, unless somebody reads another plan there meanwhile. */
function show(current: PlanState, otherwise: CommandError): void {
  if (usePlan.getState().current === null) usePlan.setState({ current, after: 'stay', ticked: null });
  else fail(otherwise);
}
