// Rules about all packages of what was chosen in the tree: the second list behind "Set updates aside…".
import { Undo2 } from 'lucide-react';
import type { Target } from '../bindings/Target';
import type { UpdateRule } from '../bindings/UpdateRule';
import { rpc } from '../host';
import { ruleEntries, ruleInWords, whereOf } from '../panel/ruling';
import { words } from '../words/en';
import type { Reason } from './able';
import { removeRules } from './approving';
import { type Entry, openSecond, type Point } from './menu';
import { nameOf, type Scope } from './scope';

const text = words.rules;

/** What stands above a target: a rule for it counts for the target too. */
interface Above {
  cluster: string | null;
  node: string | null;
}

/** Templates are never updated, so that a rule about one would mean nothing. */
function targetsOf(scope: Scope): Target[] {
  const templates = new Set(scope.guests.filter((guest) => guest.template).map((guest) => guest.id));
  return scope.targets.filter((target) => target.kind !== 'guest' || !templates.has(target.guest));
}

export function whyNoAside(scope: Scope): Reason {
  if (scope.guests.length === 0) return words.actions.why.none;
  return scope.guests.every((guest) => guest.template) ? words.actions.why.template : null;
}

export function openAside(scope: Scope, at: Point = { x: 0, y: 0 }): Promise<void> {
  return openSecond(at, text.head(nameOf(scope, targetsOf(scope))), async () => asideEntries(scope, (await rpc('rules', {})).rules));
}

export function asideEntries(scope: Scope, rules: readonly UpdateRule[]): Entry[] {
  const targets = targetsOf(scope);
  const general = rules.filter((rule) => rule.package === null);
  const own = general.filter((rule) => targets.some((target) => isSame(target, rule.scope)));
  const inherited = general.filter((rule) => !own.includes(rule) && targets.some((target) => reaches(rule.scope, aboveOf(target, scope))));
  const [first] = own;
  const alike = own.length === targets.length && own.every((rule) => rule.kind === first?.kind);
  const several = targets.length > 1;
  return [
    ...ruleEntries(text.allOf(nameOf(scope, targets)), targets, [null], alike ? (first?.kind ?? null) : null, several ? text.each(targets.length) : null),
    ...(first === undefined ? [] : [{
      id: 'remove-rule', icon: Undo2, label: own.length === 1 ? text.remove : text.removeEach, keys: null, group: 3,
      verdict: { able: true as const, note: several ? text.have(own.length, targets.length) : ruleInWords(first.kind, first.until) },
      run: () => void removeRules(own.map((rule) => rule.id)),
    }]),
    ...inherited.map((rule): Entry => ({
      id: `inherited-${rule.id}`, icon: Undo2, label: text.remove, keys: null, group: 3,
      verdict: { able: false, why: `${ruleInWords(rule.kind, rule.until)}. ${text.inherited(whereOf(rule))}` },
      run: () => undefined,
    })),
  ];
}

function isSame(a: Target, b: Target): boolean {
  switch (a.kind) {
    case 'fleet':
      return b.kind === 'fleet';
    case 'cluster':
      return b.kind === 'cluster' && a.cluster === b.cluster;
    case 'node':
      return b.kind === 'node' && a.node.cluster === b.node.cluster && a.node.node === b.node.node;
    case 'guest':
      return b.kind === 'guest' && a.guest === b.guest;
  }
}

function aboveOf(target: Target, scope: Scope): Above {
  if (target.kind === 'node') return { cluster: target.node.cluster, node: null };
  const row = target.kind === 'guest' ? scope.guests.find((guest) => guest.id === target.guest) : undefined;
  return { cluster: row?.cluster ?? null, node: row?.node ?? null };
}

function reaches(rule: Target, { cluster, node }: Above): boolean {
  switch (rule.kind) {
    case 'fleet':
      return true;
    case 'cluster':
      return rule.cluster === cluster;
    case 'node':
      return rule.node.cluster === cluster && rule.node.node === node;
    case 'guest':
      return false;
  }
}
