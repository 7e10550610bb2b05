// The one plan on the screen: being made, ready, or not possible.
import { create } from 'zustand';
import type { Allowed } from '../bindings/Allowed';
import type { MakePlan } from '../bindings/MakePlan';
import type { Plan } from '../bindings/Plan';
import type { Remedy } from '../bindings/Remedy';
import { tell } from '../app/notices';
import { go, usePlace } from '../app/place';
import { CommandError, rpc } from '../host';
import { words } from '../words/en';

export type PlanState =
  | { phase: 'making'; request: MakePlan; answered: number; of: number }
  | { phase: 'ready'; request: MakePlan; plan: Plan; approving: boolean; problem: CommandError | null }
  | { phase: 'failed'; request: MakePlan; problem: CommandError };

/** Where the user is taken after the approval. */
export type After = 'stay' | 'operation';

interface Store {
  current: PlanState | null;
  after: After;
  /** Test id of the control that asked for the plan to be made anew: the focus goes back to it, never on to the approval. */
  ticked: string | null;
}

export const usePlan = create<Store>(() => ({ current: null, after: 'stay', ticked: null }));
let newest = 0;

const NOTHING_MORE: Allowed = { start: false, takeOver: false, shell: false, removals: false, engine: false };

/** What a plan is asked for. It may do nothing beyond its kind unless that was allowed. */
export type PlanWish = Pick<MakePlan, 'kind' | 'targets' | 'only'> & Partial<Pick<MakePlan, 'allowed' | 'canary' | 'stopPercent'>>;

export const asRequest = (wish: PlanWish): MakePlan => ({ allowed: NOTHING_MORE, canary: false, stopPercent: null, ...wish });

export async function makePlan(wish: PlanWish, after: After = 'stay', ticked: string | null = null): Promise<void> {
  newest += 1;
  const mine = newest;
  const request = asRequest(wish);
  usePlan.setState({ current: { phase: 'making', request, answered: 0, of: 0 }, after, ticked });
  try {
    const plan = await rpc('make_plan', request);
    if (mine === newest) usePlan.setState({ current: { phase: 'ready', request, plan, approving: false, problem: null } });
  } catch (thrown) {
    if (mine === newest) usePlan.setState({ current: { phase: 'failed', request, problem: CommandError.from(thrown) } });
  }
}

export function planProgress(answered: number, of: number): void {
  usePlan.setState(({ current }) => (current?.phase === 'making' ? { current: { ...current, answered, of } } : {}));
}

/** Also forgets a plan that is still being made: nothing has been changed by it. */
export function closePlan(): void {
  newest += 1;
  usePlan.setState({ current: null });
}

export function planAgain(): void {
  const { current, after } = usePlan.getState();
  if (current !== null) void makePlan(current.request, after);
}

/** Makes the plan anew with something more, or less, that it may do. */
export function allow(remedy: Remedy, on: boolean): void {
  const { current, after } = usePlan.getState();
  if (current === null) return;
  const { request } = current;
  void makePlan({ ...request, allowed: { ...request.allowed, [remedy]: on } }, after, remedyId(remedy));
}

export const remedyId = (remedy: Remedy): string => `plan-allow-${remedy}`;

/** Makes the plan anew with other rules of the run, or about other updates. `control` gets the focus again. */
export function change(part: Partial<Pick<MakePlan, 'only' | 'canary' | 'stopPercent'>>, control: string): void {
  const { current, after } = usePlan.getState();
  if (current !== null) void makePlan({ ...current.request, ...part }, after, control);
}

/** What follows every approval of a plan. */
export function started(plan: Plan): void {
  tell(words.actions.approved(plan.short));
  usePlace.setState({ drawer: true });
}

export async function approvePlan(): Promise<void> {
  const { current, after } = usePlan.getState();
  if (current?.phase !== 'ready' || current.approving) return;
  const { plan } = current;
  usePlan.setState({ current: { ...current, approving: true, problem: null } });
  try {
    const { operation } = await rpc('approve_plan', { plan: plan.id, fingerprint: plan.fingerprint });
    closePlan();
    started(plan);
    if (after === 'operation') go({ view: 'operation', id: operation, job: null });
  } catch (thrown) {
    usePlan.setState({ current: { ...current, approving: false, problem: CommandError.from(thrown) } });
  }
}
