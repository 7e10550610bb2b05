// The words of clusters, nodes and the settings of an LXC.
import type { RepositoryVerdict } from '../bindings/RepositoryVerdict';
import type { DiscoveryEntry } from '../bindings/DiscoveryEntry';
import { count, plural, shortOs } from './format';

const nodes = (n: number) => plural(n, 'node', 'nodes');
const lxcs = (n: number) => plural(n, 'LXC', 'LXCs');
const agents = (n: number) => plural(n, 'agent', 'agents');

const repositories: Record<RepositoryVerdict, string> = {
  unknown: 'Not known',
  enterprise: 'Enterprise, with a subscription',
  noSubscription: 'No-subscription',
  enterpriseWithoutSubscription: 'Enterprise without a subscription: the node gets no Proxmox updates',
  test: 'Test: not meant for production',
  missing: 'None is enabled: the node gets no Proxmox updates',
};
const subscriptions: Record<string, string> = {
  active: 'Active', notfound: 'None', invalid: 'Invalid', expired: 'Expired', suspended: 'Suspended', new: 'New, not checked yet',
};
const ostypes: Record<string, string> = {
  debian: 'Debian', ubuntu: 'Ubuntu', devuan: 'Devuan', alpine: 'Alpine', archlinux: 'Arch Linux', centos: 'CentOS', fedora: 'Fedora', gentoo: 'Gentoo', nixos: 'NixOS', opensuse: 'openSUSE', unmanaged: 'Unmanaged',
};

/** `Debian 12` of what an agent reported, `Debian` of the bare word that Proxmox has. */
export const osName = (name: string): string => ostypes[name] ?? shortOs(name);

export const cluster = {
  tabs: { details: 'Details', log: 'Discovery log' },
  name: 'Name', quorum: 'Quorum', hasQuorum: 'Quorate', noQuorum: 'No quorum', alone: 'A single node', addresses: 'Addresses', entry: 'entry', inUse: 'in use',
  token: 'Token', tokenId: 'ID', entered: 'Entered', expires: 'Expires', noExpiry: 'Not known to expire', old: 'This token is more than a year old. Rotate it.', expiring: (when: string) => `This token expires on ${when}. Rotate it before that.`, expired: (when: string) => `This token expired on ${when}. Rotate it.`,
  certificates: 'Accepted certificates', authority: 'Authority of the cluster', authorityText: 'Certificates that it signs for the cluster’s addresses are accepted too.', noAuthority: 'Not learned. Only the certificates above are accepted.', shownBy: (node: string) => `Shown by ${node}`, sha: 'SHA-256',
  off: 'Switched off. RedFlag asks this cluster nothing; what is shown is the last picture.', refused: 'Proxmox refuses the token', changed: 'The certificate is another one than you accepted', unreachable: 'No node of the cluster answers',
  life: 'This cluster', reading: 'Reading what is known of the cluster.', since: (age: string) => (age === 'now' ? 'just now' : `${age} ago`),
  log: {
    none: 'No discovery has ended yet.', nodes, lxcs, new: (n: number) => `${count(n)} new`, gone: (n: number) => `${count(n)} gone`, same: 'nothing new', errors: (n: number) => plural(n, 'error', 'errors'),
    row: (entry: DiscoveryEntry) => `${nodes(entry.nodes)}, ${lxcs(entry.guests)}`, head: 'Newest first, at most 100',
  },
  test: {
    title: 'Test connection', lead: (name: string) => `RedFlag asks each address of ${name} for its version, with the stored token and certificates.`, busy: 'Asking each address…', again: 'Test again', answers: (version: string) => `Proxmox VE ${version}`, silent: 'No answer', all: (n: number) => (n === 1 ? 'The address answers.' : `All ${count(n)} addresses answer.`), some: (n: number, of: number) => `${count(n)} of ${count(of)} addresses ${n === 1 ? 'answers' : 'answer'}.`, none: 'No address answers.',
  },
  edit: {
    title: 'Edit cluster', lead: 'The name is only shown here. Proxmox does not change.', addresses: 'Addresses, one per line', hint: 'The first one is asked first, the others when it does not answer. The port is 8006 unless given.', save: 'Save', saving: 'Saving…', saved: (name: string) => `${name} saved.`,
  },
  rotate: {
    title: 'Rotate token', lead: (name: string) => `Make a second token for ${name}, then enter it here. The old one is used until the new one is proven to work.`, lines: 'Run these lines as root on any node. The first one prints the secret once.', save: 'Use this token', saving: 'Checking it…', notEnough: 'The new token may not do what RedFlag needs. The old one is still in use.', grant: 'Run this as root on any node, then check again.', again: 'Check again', doneTitle: 'The new token is in use', doneText: (id: string) => `RedFlag signs in as ${id} from now on, and the secret of the old token is forgotten here.`, remove: 'The old token still exists in Proxmox. Delete it there as root:', sameId: 'It has the same ID with a new secret, so nothing is left to delete.', sameHint: 'Same ID: for a secret that was made anew in Proxmox.', close: 'Done',
  },
  compare: {
    title: 'Compare certificate', reading: 'Looking at what the node shows now.', lead: (address: string) => `${address} shows another certificate than you accepted. This is normal after a renewal or a reinstallation. If nobody changed it, something else may answer there.`, accepted: 'Accepted', presented: 'Shown now', command: 'See the fingerprint on the node itself. Open a shell on it and run:', matches: 'It matches', must: 'Compare it and tick “It matches” first.', accept: 'Accept this certificate', accepting: 'Accepting…', done: (name: string) => `The certificate of ${name} is accepted.`, same: 'Every address shows a certificate that is accepted. There is nothing to compare.', retry: 'Discover now', subject: 'Name', issuer: 'Signed by', valid: 'Valid', paste: 'Or paste it here and RedFlag compares it for you',
  },
  remove: {
    title: (name: string) => `Remove ${name}`, lead: 'RedFlag forgets this cluster. Nothing is changed in Proxmox or in the LXCs.', reading: 'Looking what goes with it.', goes: 'What goes', goesList: (n: number, guests: number) => [`${nodes(n)} and ${lxcs(guests)}, with their history and receipts`, 'The token and the accepted certificates', 'The access to its nodes'], stays: 'What stays', staysList: 'The token in Proxmox, until it is deleted there', agentsStay: (n: number) => `${agents(n)} stay${n === 1 ? 's' : ''} installed and ${n === 1 ? 'is' : 'are'} not heard any more. To remove one, run this in its LXC:`, uninstall: 'redflag-agent uninstall', more: (n: number) => `${count(n)} more`, busy: (n: number) => `${plural(n, 'operation runs', 'operations run')} on it. Wait or cancel first.`, type: (name: string) => `Type ${name} to go on`, remove: 'Remove cluster', removing: 'Removing…', done: (name: string) => `${name} removed.`, cannot: 'Cannot be undone.',
  },
  actions: {
    discover: 'Discover now', discovering: (name: string) => `Discovering ${name}.`, test: 'Test connection…', edit: 'Edit cluster…', rotate: 'Rotate token…', compare: 'Compare certificate…', off: 'Switch cluster off', on: 'Switch cluster on', remove: 'Remove cluster…', switchedOff: (name: string) => `${name} is switched off.`, switchedOn: (name: string) => `${name} is switched on.`,
    offNote: 'Nothing is asked until it is switched on',
    why: { off: 'Switched off. Switch it on first', refused: 'The token is refused. Rotate it first', certificate: 'The certificate changed. Compare it first' },
    busy: 'An operation runs on it. Wait or cancel first',
  },
} as const;

export const node = {
  kernel: 'Kernel', processor: 'Processor', cores: 'Cores', load: 'Load', loadHint: '1, 5 and 15 minutes', rootDisk: 'Root disk', subscription: 'Subscription', repositories: 'Packages', problems: 'What could not be asked', reading: 'Asking the node.', hardware: 'Node', system: 'Proxmox',
  verdicts: repositories, subscriptionWord: (word: string | null) => (word === null ? 'Not known' : (subscriptions[word.toLowerCase()] ?? word)), unanswered: (name: string) => `${name} could not be asked`,
} as const;

export const settings = {
  tab: 'Settings', reading: 'Asking Proxmox.', hostname: 'Hostname', ostype: 'Type', ostypeHint: 'Chosen when the LXC was made; the system inside may be another.', ostypeWord: (word: string) => ostypes[word] ?? word, os: 'System', osUnknown: 'Known once an agent reports it', rights: 'Rights', unprivileged: 'Unprivileged', privileged: 'Privileged: root inside is root on the node', features: 'Features', pool: 'Pool', ha: 'HA', noHa: 'Not managed', arch: 'Architecture',
  cores: 'Cores', allCores: 'All of the node', memory: 'Memory', swap: 'Swap', noSwap: 'None', disk: 'Root disk', size: (size: string) => `${size}, use unknown`, addresses: 'Addresses', noAddresses: 'None known', snapshot: 'Snapshot', possible: 'Possible', impossible: 'Not possible', mounts: 'Mount points', bind: 'Bind', bindTitle: 'A path or device of the node: not part of snapshots',
  resources: 'Resources', network: 'Network', unanswered: 'Proxmox could not be asked', asOf: (at: string, age: string) => `What is shown is from ${at}, ${age === 'now' ? 'just now' : `${age} ago`}.`, nothing: 'Nothing was read before.',
} as const;
