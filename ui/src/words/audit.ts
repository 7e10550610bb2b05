// The words of the audit: who did what to whom, and how it ended.
import { count } from './format';

/** Acts whose own word says little. Others are shown as they are recorded. */
const acts: Readonly<Record<string, string>> = {
  'approve plan': 'Approved a plan', cancel: 'Stopped an operation', enrol: 'Connected an agent', Enrol: 'Began to install agents', Scan: 'Began a scan', Update: 'Began an update',
  RestartAgent: 'Began to restart agents', RemoveAgent: 'Began to remove agents', UpgradeAgent: 'Began to upgrade agents', Repair: 'Began to repair packages', UpdateImages: 'Began to update images', RestartGuest: 'Began to restart LXCs', 'cluster.add': 'Added a cluster', 'cluster.edit': 'Edited a cluster', 'cluster.enable': 'Switched a cluster on',
  'cluster.disable': 'Switched a cluster off', 'cluster.token': 'Changed the token', 'cluster.create-token': 'Made a token', 'cluster.certificate': 'Accepted a certificate', 'cluster.remove': 'Removed a cluster',
  'gateway.port': 'Changed the port of agents', 'lxc.console': 'Set the console of an LXC', 'lxc.start': 'Started an LXC', 'lxc.stop': 'Stopped an LXC', 'lxc.restart': 'Restarted an LXC',
  'ssh.key': 'Made an SSH key', 'ssh.install-key': 'Put the key into a node', 'ssh.access': 'Set up the way into a node', 'ssh.forget': 'Gave up the way into a node',
  'paste.make': 'Made a command for a node', 'paste.fetch': 'Ran a pasted command',
};

/** Commands on a node or in an LXC, by whichever road: `ssh.copy`, `console.copy`. */
const verbs: Readonly<Record<string, string>> = {
  hostname: 'Asked a node for its name', guests: 'Listed the LXCs of a node', probe: 'Looked into an LXC', copy: 'Copied the agent', configure: 'Configured the agent', install: 'Installed the agent', clean: 'Cleaned up after it', restart: 'Restarted the agent',
  remove: 'Took the agent out', 'run-key': 'Put the key into a node', many: 'Asked several LXCs at once', allowed: 'Asked what is allowed',
};

export const audit = {
  title: 'Audit', lead: 'Every act with consequences, newest first. Entries are only ever added.', search: 'Search who, what, target, detail or outcome', searchLabel: 'Search the audit', clearSearch: 'Clear the search', again: 'Read again',
  columns: { when: 'When', who: 'Who', what: 'What', target: 'Target', outcome: 'Outcome', plan: 'Plan' }, act: (act: string): string | null => acts[act] ?? (/^(ssh|console)\./.test(act) ? (verbs[act.slice(act.indexOf('.') + 1)] ?? null) : null),
  reading: 'Reading the audit.', none: 'Nothing recorded yet', noneText: 'Approvals, commands on nodes and changes of clusters and agents appear here.', noMatch: (text: string) => `Nothing matches “${text}”.`,
  more: 'Show more', loadingMore: 'Reading more…', shown: (n: number, more: boolean) => (more ? `The newest ${count(n)}` : `${count(n)} in all`), detail: 'Detail', noDetail: 'No detail was recorded.', exactly: 'Exactly', fingerprint: 'Plan',
} as const;
