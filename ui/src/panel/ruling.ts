// Which rule of the user counts for an update, and what can be done about it.
import { Ban, CalendarClock, Pin, Undo2 } from 'lucide-react';
import { removeRules, setRules, SNOOZES } from '../actions/approving';
import type { Entry } from '../actions/menu';
import { ABLE, type Verdict } from '../actions/verdict';
import type { AppliedRule } from '../bindings/AppliedRule';
import type { GuestDetails } from '../bindings/GuestDetails';
import type { GuestRow } from '../bindings/GuestRow';
import type { RuleKind } from '../bindings/RuleKind';
import type { Target } from '../bindings/Target';
import type { Update } from '../bindings/Update';
import type { UpdateRule } from '../bindings/UpdateRule';
import { words } from '../words/en';
import { dayOf } from '../words/format';
import { blockedWhy } from './packages';

const text = words.rules;

/** The one about the package itself is nearer than one about all packages. */
export function ruleOf(rules: readonly AppliedRule[], name: string): UpdateRule | null {
  const found = rules.find((one) => one.package === name) ?? rules.find((one) => one.package === null);
  return found?.rule ?? null;
}

/** How many of the pending updates of an LXC are ignored or snoozed: those that no other count has. */
export function asideIn({ inventory, rules }: GuestDetails): number {
  if (inventory?.packages.kind !== 'apt') return 0;
  return inventory.packages.updates.filter((update) => {
    const kind = ruleOf(rules, update.package)?.kind;
    return kind === 'ignore' || kind === 'snooze';
  }).length;
}

/** For whom it was set: `pve2`, and where it is about everything there, `all packages of pve2`. */
export function whereOf(rule: UpdateRule): string {
  const scope = rule.scope.kind === 'fleet' ? text.fleetShort : rule.scopeName;
  return rule.package === null ? text.allOfLower(scope) : scope;
}

export function ruleInWords(kind: RuleKind, until: number | null): string {
  return text.state(kind, until === null ? null : dayOf(until));
}

/** Ignore, snooze, hold; a name that is null is all packages. `what` is how the notice names it, `now` the rule that stands there already. */
export function ruleEntries(what: string, scopes: readonly Target[], names: readonly (string | null)[], now: RuleKind | null, note: string | null): Entry[] {
  const able = (note: string | null): Verdict => (note === null ? ABLE : { able: true, note });
  const means = (own: string) => able([own, note].filter(Boolean).join('. '));
  const unless = (kind: RuleKind, verdict: Verdict): Verdict => (now === kind ? { able: false, why: text.already } : verdict);
  const set = (kind: RuleKind, until: number | null) => () => void setRules(what, scopes, names, kind, until);
  return [
    { id: 'ignore', icon: Ban, label: text.ignore, keys: null, group: 2, verdict: unless('ignore', means(text.ignoreNote)), run: set('ignore', null) },
    ...(['day', 'week', 'month'] as const).map((span): Entry => ({ id: `snooze-${span}`, icon: CalendarClock, label: text.snooze[span], keys: null, group: 2, verdict: able(note), run: () => set('snooze', Date.now() + SNOOZES[span])() })),
    { id: 'hold', icon: Pin, label: text.hold, keys: null, group: 2, verdict: unless('hold', means(names.includes(null) ? text.holdAllNote : text.holdNote)), run: set('hold', null) },
  ];
}

/** Why a pending update cannot be approved one by one; what is only ignored can. */
export function whyNotApprovable(row: GuestRow, update: Update, rule: UpdateRule | null): string | null {
  if (row.old) return words.actions.why.old;
  if (update.blocked !== null) return blockedWhy(update.blocked);
  return rule?.kind === 'hold' ? ruleInWords(rule.kind, rule.until) : null;
}

/** Whether it was made for this package in this LXC, and not for more. */
export function isOwn(rule: UpdateRule, guest: string): boolean {
  return rule.package !== null && rule.scope.kind === 'guest' && rule.scope.guest === guest;
}

/** Inherited rules concern others too: they are removed where all rules stand. */
export function removeEntry(rule: UpdateRule, guest: string): Entry {
  const verdict: Verdict = isOwn(rule, guest) ? ABLE : { able: false, why: text.inherited(whereOf(rule)) };
  return { id: 'remove-rule', icon: Undo2, label: text.remove, keys: null, group: 3, verdict, run: () => void removeRules([rule.id]) };
}
