// A package or an image below an LXC, and what an action on its row is about: that one alone.
import type { GuestDetails } from '../bindings/GuestDetails';
import type { GuestRow } from '../bindings/GuestRow';
import type { UpdateRule } from '../bindings/UpdateRule';
import { useDetails } from '../live/details';
import { clusterKey, guestKey } from '../live/fleet';
import { useLive } from '../live/store';
import { familiar } from '../panel/images';
import { blockedWhy, isSecurity, leavesOf } from '../panel/packages';
import { ruleInWords, ruleOf, whyNotApprovable } from '../panel/ruling';
import { updateEntries } from '../panel/updateEntries';
import { bare } from '../tree/bare';
import type { Part } from '../tree/part';
import { type Leaf, leafKey } from '../tree/rows';
import { words } from '../words/en';
import { type Reason, whyNoInstall } from './able';
import type { Entry } from './menu';
import type { Scope } from './scope';
import { type Verdict, verdict } from './verdict';

export type NamedLeaf = Extract<Leaf, { kind: 'update' | 'image' }>;

export interface Chosen {
  leaf: NamedLeaf;
  /** As its row names it. */
  name: string;
  rule: UpdateRule | null;
  approved: boolean;
}

const isNamed = (leaf: Leaf): leaf is NamedLeaf => leaf.kind === 'update' || leaf.kind === 'image';

export function choose(leaf: NamedLeaf, { rules, approvals }: Pick<GuestDetails, 'rules' | 'approvals'>): Chosen {
  if (leaf.kind === 'image') return { leaf, name: familiar(leaf.image.image), rule: null, approved: false };
  const { package: name, arch } = leaf.update;
  return { leaf, name, rule: ruleOf(rules, name), approved: approvals.some((one) => one.package === name && one.arch === arch) };
}

/** Of a row of the tree, in whichever group it stands; null where it is neither a package nor an image. */
export function chosenAt(inTree: string, guest: GuestRow): Chosen | null {
  const detail = useDetails.getState().byGuest.get(guest.id);
  if (detail?.details == null) return null;
  const found = leavesOf(detail).find((leaf) => leafKey(guestKey(guest.id), leaf) === bare(inTree));
  return found !== undefined && isNamed(found) ? choose(found, detail.details) : null;
}

/** An update that would remove others, or is kept back, is planned all the same: the plan says so and asks. */
function whyNotThis({ leaf, rule }: Chosen): Reason {
  if (leaf.kind === 'image') return leaf.image.checked.state.kind === 'update' ? null : words.renewal.why.none;
  const { blocked } = leaf.update;
  if (blocked !== null && blocked.kind !== 'removes' && blocked.kind !== 'keptBack') return blockedWhy(blocked);
  return rule?.kind === 'hold' ? ruleInWords(rule.kind, rule.until) : null;
}

export function partOfLeaf(chosen: Chosen, guest: GuestRow): Part {
  const { leaf, name } = chosen;
  const images = leaf.kind === 'image';
  return {
    name, images, total: 1, security: !images && isSecurity(leaf.update.severity) ? 1 : 0,
    only: images ? { kind: 'images', names: [leaf.image.image], projects: false } : { kind: 'packages', names: [leaf.update.package] },
    targets: [{ kind: 'guest', guest: guest.id }], whyNot: () => whyNotThis(chosen),
  };
}

/** The scope of an LXC, narrowed to one row below it. */
export const withLeaf = (scope: Scope, chosen: Chosen, guest: GuestRow): Scope => ({ ...scope, leaf: chosen, part: partOfLeaf(chosen, guest) });

/** What is named one by one is installed although a rule sets it aside. */
export function installVerdict(scope: Scope, { leaf, rule, approved }: Chosen): Verdict {
  const judged = verdict(scope, (guest) => whyNoInstall(guest, scope.clusterOf(guest)) ?? scope.part?.whyNot(guest) ?? null, words.actions.can.update);
  if (!judged.able || leaf.kind === 'image') return judged;
  const notes = [leaf.update.blocked === null ? null : blockedWhy(leaf.update.blocked), rule === null ? null : ruleInWords(rule.kind, rule.until), approved ? words.approvals.approved : null];
  return { able: true, note: notes.filter((note) => note !== null).join('. ') || null };
}

export function whyNotApproveThis({ leaf, rule, approved }: Chosen, guest: GuestRow): Reason {
  if (leaf.kind === 'image') return words.actions.why.none;
  return whyNotApprovable(guest, leaf.update, rule) ?? (approved ? words.approvals.approved : null);
}

/** What the panel offers behind the three dots of an update, for its row in the tree. */
export function leafEntries({ leaf: chosen, guests: [row] }: Scope): Entry[] {
  if (chosen === null || chosen.leaf.kind !== 'update' || row === undefined) return [];
  const cluster = useLive.getState().fleet.clusters.get(clusterKey(row.cluster));
  return updateEntries({ row, cluster, update: chosen.leaf.update, rule: chosen.rule });
}
