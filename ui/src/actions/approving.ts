// What is asked of Rust about approvals and rules, and what is told of the outcome.
import type { ApprovedUpdates } from '../bindings/ApprovedUpdates';
import type { ApproveUpdates } from '../bindings/ApproveUpdates';
import type { RuleKind } from '../bindings/RuleKind';
import type { SetRule } from '../bindings/SetRule';
import type { Target } from '../bindings/Target';
import type { UpdateFilter } from '../bindings/UpdateFilter';
import { fail, tell } from '../app/notices';
import { rpc } from '../host';
import { words } from '../words/en';
import { dayOf } from '../words/format';

const DAY_MS = 86_400_000;
export const SNOOZES = { day: DAY_MS, week: 7 * DAY_MS, month: 30 * DAY_MS } as const;

export function approve(targets: Target[], only: UpdateFilter): Promise<void> {
  return approveEach([{ targets, only }]);
}

/** Several at once, told as one. Each is about other LXCs. */
export async function approveEach(wishes: readonly ApproveUpdates[]): Promise<void> {
  const sum: ApprovedUpdates = { approved: 0, already: 0, lxcs: 0, unrated: 0, leftOut: 0 };
  try {
    for (const wish of wishes) {
      const done = await rpc('approve_updates', wish);
      for (const key of Object.keys(sum) as (keyof ApprovedUpdates)[]) sum[key] += done[key];
    }
    tell(words.approvals.done(sum));
  } catch (thrown) {
    fail(thrown);
  }
}

export async function withdraw(approvals: string[]): Promise<void> {
  try {
    await rpc('withdraw_approvals', { approvals });
    tell(words.approvals.withdrawn(approvals.length));
  } catch (thrown) {
    fail(thrown);
  }
}

/** Of a list that knows only that they are approved. */
export async function withdrawThese(updates: readonly { guest: string; package: string; arch: string; approved: boolean }[]): Promise<void> {
  const key = (one: { guest: string; package: string; arch: string }) => `${one.guest}/${one.package}:${one.arch}`;
  const wanted = new Set(updates.filter((one) => one.approved).map(key));
  try {
    const { approvals } = await rpc('approvals', {});
    await withdraw(approvals.filter((one) => wanted.has(key(one))).map((one) => one.id));
  } catch (thrown) {
    fail(thrown);
  }
}

/** `what` is how the notice names it. Several scopes, such as the clusters of a package, get a rule each; null is all packages. */
export async function setRules(what: string, scopes: readonly Target[], names: readonly (string | null)[], kind: RuleKind, until: number | null): Promise<void> {
  const wishes: SetRule[] = scopes.flatMap((scope) => names.map((name) => ({ scope, package: name, kind, until })));
  try {
    for (const wish of wishes) await rpc('set_rule', wish);
    tell(words.rules.set(what, kind, until === null ? null : dayOf(until)));
  } catch (thrown) {
    fail(thrown);
  }
}

export async function removeRules(rules: readonly string[]): Promise<void> {
  try {
    for (const rule of rules) await rpc('remove_rule', { rule });
    tell(words.rules.removed(rules.length));
  } catch (thrown) {
    fail(thrown);
  }
}
