// The words of approvals, of rules about updates, of changelogs, and of the view with all updates of the fleet.
import type { ApprovedUpdates } from '../bindings/ApprovedUpdates';
import type { RuleKind } from '../bindings/RuleKind';
import type { Severity } from '../bindings/Severity';
import { count, plural } from './format';

const updates = (n: number) => plural(n, 'update', 'updates');
const lxcs = (n: number) => plural(n, 'LXC', 'LXCs');
const packages = (n: number) => plural(n, 'package', 'packages');
const ungraded = (n: number) => plural(n, 'security update', 'security updates');

/** `ignored`, `snoozed until 23 Nov 2026`, `held`. */
const state = (kind: RuleKind, until: string | null): string => {
  switch (kind) {
    case 'ignore':
      return 'Ignored';
    case 'hold':
      return 'Held';
    case 'snooze':
      return until === null ? 'Snoozed' : `Snoozed until ${until}`;
  }
};

/** For the middle of a sentence; the names of months stay as they are. */
const lower = (words: string): string => words.charAt(0).toLowerCase() + words.slice(1);

export const approvals = {
  all: 'Approve all updates', this: 'Approve this update', part: 'Approve these updates', security: 'Approve security updates', install: 'Install approved updates…',
  next: (n: number) => `Install ${count(n)} approved…`,
  can: { approve: 'have updates to approve', security: 'have security updates to approve', install: 'have approved updates' },
  why: { already: 'All are approved already', none: 'Nothing is approved' },
  approve: (name: string) => `Approve ${name}`, some: (n: number) => `${count(n)} approved`, withdraw: 'Withdraw', withdrawOf: (name: string, lxc: string) => `Withdraw the approval of ${name} for ${lxc}`,
  by: (who: string, through: string) => `Approved by ${who}${through === '' ? '' : `: ${through}`}`, approved: 'Approved', of: (n: number, of: number) => `${count(n)} of ${count(of)} approved`,
  /** What came of it: the approved ones, and everything that was passed over. */
  done: ({ approved, already, lxcs: on, unrated, leftOut }: ApprovedUpdates): string =>
    [
      approved === 0 ? (already > 0 ? 'Everything there was approved before.' : 'Nothing was approved.') : `${updates(approved)} on ${lxcs(on)} approved.`,
      approved > 0 && already > 0 ? `${count(already)} ${already === 1 ? 'was' : 'were'} approved before.` : null,
      unrated > 0 ? `${ungraded(unrated)} without a grade ${unrated === 1 ? 'is' : 'are'} left out.` : null,
      leftOut > 0 ? `${count(leftOut)} held, kept back or ignored ${leftOut === 1 ? 'is' : 'are'} left out.` : null,
    ].filter(Boolean).join(' '),
  withdrawn: (n: number) => `${plural(n, 'approval', 'approvals')} withdrawn.`,
  making: (n: number) => `Checking the approved updates of ${lxcs(n)}.`, busy: 'The approved updates are being checked already.', look: 'What was approved has moved, and another plan is open.', lookNext: 'Close that plan, then install the approved updates again.',
  older: (version: string) => `for ${version}`, moved: 'Not as it was approved', movedRow: 'Moved',
} as const;

export const planOptions = {
  label: 'How it goes', canary: 'Update one LXC first, the rest only if it went well', canaryRow: 'Goes first, alone', canaryRule: 'One LXC goes first. If it fails, the rest is not begun.',
  stop: 'Stop when this many have failed', never: 'Never', neverStops: 'Goes on whatever fails.',
  unrated: (n: number) => `${ungraded(n)} without a grade ${n === 1 ? 'is' : 'are'} left out: nobody has said yet how urgent ${n === 1 ? 'it is' : 'they are'}.`,
} as const;

export const rules = {
  state, byRules: 'Set aside by rules', menu: (name: string) => `More about ${name}`,
  ignore: 'Ignore', ignoreNote: 'Not counted, not in plans for several', snooze: { day: 'Snooze for a day', week: 'Snooze for a week', month: 'Snooze for a month' }, hold: 'Hold', holdNote: 'RedFlag does not install it', holdAllNote: 'RedFlag installs none of them',
  already: 'It is so already', remove: 'Remove the rule', removeEach: 'Remove the rules', removed: (n: number) => (n === 1 ? 'Rule removed.' : `${count(n)} rules removed.`), inherited: (scope: string) => `Set for ${scope}: remove it under Updates, Rules`, from: (scope: string) => `set for ${scope}`, by: (who: string, at: string) => `${who}, ${at}`,
  set: (what: string, kind: RuleKind, until: string | null) => `${what}: ${lower(state(kind, until))}.`, all: 'All packages', allShort: 'all packages', allOf: (name: string) => `All packages of ${name}`, allOfLower: (name: string) => `all packages of ${name}`, stands: (where: string, said: string) => `${said}: ${where}. Packages with a rule of their own follow that one.`, allHint: 'Packages with a rule of their own follow that one', fleet: 'The whole fleet', fleetShort: 'the whole fleet',
  asideBy: (n: number) => `${count(n)} set aside by rules`, action: 'Set updates aside…', head: (name: string) => `${name} · all packages`, below: (n: number, name: string) => `${lxcs(n)} of ${name}`, each: (n: number) => `One rule for each of ${lxcs(n)}`, have: (n: number, of: number) => `${count(n)} of ${lxcs(of)} ${n === 1 ? 'has' : 'have'} one`, allAside: 'All of it is set aside by rules',
  columns: { package: 'Package', rule: 'Rule', scope: 'For', by: 'By' }, none: 'No rules', noneText: 'Updates that you ignore, snooze or hold are listed here.', removeOf: (name: string, scope: string) => `Remove the rule about ${name} for ${scope}`,
} as const;

/** Only an advisory gives a grade. Without one nobody knows how urgent an update is: never a low one. */
const grades: Record<Severity, string> = {
  critical: 'critical', high: 'high', medium: 'medium', low: 'low', securityUnrated: 'security, unrated', unknown: 'unknown',
};

export const severity = {
  action: 'By severity…', head: (name: string) => `${name} · by severity`, headOf: (name: string, n: number, on: number) => `${name} · ${updates(n)} on ${lxcs(on)}`,
  approve: (n: number, of: Severity) => `Approve ${count(n)} ${grades[of]}`, install: (n: number, of: Severity) => `Install ${count(n)} ${grades[of]}…`, approveAll: 'Approve all of this severity', installAll: 'Install all of this severity…', on: (n: number, on: number) => `${updates(n)} on ${lxcs(on)}`,
  can: 'can be updated now', unrated: 'Nobody has said yet how urgent they are', unknown: 'No advisory says how urgent they are',
  none: 'No updates by severity', nonePending: 'Nothing is pending here', noneOpen: 'What is pending is of an earlier time, held, kept back or set aside', aside: 'Held, kept back or set aside', hidden: 'The search hides some of them. Clear it first',
} as const;

export const changelog = {
  action: 'Changelog', title: (name: string) => `Changelog of ${name}`, lead: (lxc: string) => `Fetched by ${lxc} from the publisher.`, reading: 'Fetching the changelog. This takes some seconds.', empty: 'The publisher gives no changelog for it.', noLxc: 'None of its LXCs answers now',
} as const;

export const fleetUpdates = {
  title: 'Updates', parts: { updates: 'All updates', approved: 'Approved', rules: 'Rules' }, part: 'What is shown', group: 'Group by', groups: { source: 'Source package', severity: 'Severity', origin: 'Origin' },
  search: 'Search package, version, LXC or node', searchLabel: 'Search the updates', clearSearch: 'Clear the search', again: 'Read again',
  sums: (n: number, sources: number, on: number) => `${updates(n)} from ${plural(sources, 'source', 'sources')} on ${lxcs(on)}`, reading: 'Reading the updates of the fleet.',
  columns: { source: 'Source package', version: 'New version', severity: 'Severity', lxcs: 'LXCs', approved: 'Approved', origin: 'Origin', more: 'More' },
  packages, several: 'Several versions', from: 'several', lxcs: (n: number, old: number) => (old === 0 ? count(n) : n === 0 ? `+${count(old)}` : `${count(n)} +${count(old)}`), oldTitle: (n: number) => `${lxcs(n)} known from an earlier time only`,
  other: 'Other', unrated: 'Security, without a grade', section: (n: number, sources: number) => `${updates(n)}, ${plural(sources, 'source', 'sources')}`, old: 'From an earlier time', setAside: (n: number) => `${count(n)} set aside`,
  none: 'No pending updates are known', noneText: 'Updates appear here as soon as agents have reported them. LXCs without an agent, stopped or never scanned cannot be looked into.', noMatch: (text: string) => `Nothing matches “${text}”.`,
  approve: 'Approve everywhere', install: 'Install everywhere…', held: 'Held or kept back everywhere', groupHead: (source: string, on: number) => `${source} · ${lxcs(on)}`, everywhere: (clusters: number) => (clusters === 1 ? 'For its cluster' : `For ${count(clusters)} clusters`), open: (source: string) => `LXCs with ${source}`,
  noneApproved: 'Nothing is approved', noneApprovedText: 'Approve updates in an LXC’s panel, by A in the tree, or in the list of all updates.', approvedColumns: { lxc: 'LXC', package: 'Package', version: 'Version', severity: 'Severity', by: 'Approved' },
} as const;
