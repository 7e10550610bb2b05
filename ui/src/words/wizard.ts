// The words of adding a cluster.
import { access } from './access';
import { count, plural } from './format';
import { makeToken } from './token';

export const wizard = {
  title: 'Add cluster', accessTitle: 'Node access', safe: 'Nothing is installed before you approve a plan', leave: 'Leave',
  steps: { address: 'Address', certificate: 'Certificate', token: 'Token', permissions: 'Permissions', access: 'Node access', discover: 'Discover' },
  label: 'Steps',
  address: {
    title: 'Where is your cluster?', lead: 'The name or address of any node. RedFlag finds the others. It looks at the certificate first and sends nothing before you have compared it.',
    field: 'Address', example: '192.168.1.10 or pve1.home.arpa:8006', hint: 'The port is 8006 unless you give another.', next: 'Look at it', busy: 'Asking…',
  },
  certificate: {
    title: 'Is this your cluster?', untrusted: (host: string) => `${host} uses a certificate that no public authority has signed. That is normal for Proxmox. Compare the fingerprint once; RedFlag refuses any other certificate from then on.`,
    trusted: (host: string) => `The certificate of ${host} is signed by an authority that this computer trusts. Compare it anyway if you can; RedFlag refuses any other certificate from then on.`,
    sent: (host: string) => `What ${host} sent`, sha: 'SHA-256', name: 'Name', names: 'Valid for', issuer: 'Signed by', valid: 'Valid', until: (from: string, to: string) => `${from} to ${to}`,
    compare: 'See the same fingerprint on the node itself. Open a shell on it and run:', web: 'Or in the Proxmox web page: the node, System, Certificates.', paste: 'Or paste it here and RedFlag compares it for you', same: 'Same', differs: 'Not the same. Do not go on: something else answers at this address.', matches: 'It matches', next: 'Trust this certificate', must: 'Compare it and tick “It matches” first.', known: (name: string) => `This cluster is in RedFlag already, as ${name}. Going on does not add it twice; it takes the new address and token.`, expired: 'This certificate is not valid today.', done: (print: string) => `Trusted, ${print}`,
  },
  token: {
    title: 'An API token', lead: 'RedFlag signs in with a token of its own, never with a password. Run these lines as root on any node; the fourth prints the secret once.',
    id: 'Token ID', secret: 'Secret', example: 'redflag@pve!desktop', lines: ['pveum role add RedFlag --privs "VM.Audit Sys.Audit"', 'pveum user add redflag@pve', 'pveum acl modify / --users redflag@pve --roles RedFlag', 'pveum user token add redflag@pve desktop --privsep 1', "pveum acl modify / --tokens 'redflag@pve!desktop' --roles RedFlag"],
    kept: 'Kept. Enter it again only to replace it.', hint: 'The secret goes straight into the sealed store and is not shown again.', next: 'Check the token', form: 'A token ID looks like user@realm!name.', busy: 'Keeping it…', make: makeToken,
  },
  permissions: {
    title: 'Permissions of the token', asking: 'Asking Proxmox what the token may do.', lead: (token: string) => `RedFlag asked Proxmox what ${token} may do.`, all: 'Everything it needs is granted.', missing: (n: number) => `${plural(n, 'right is', 'rights are')} missing.`, required: 'RedFlag cannot go on without the required ones.',
    right: 'Right', on: 'On', what: 'What for', state: 'State', granted: 'Granted', lacking: 'Missing', optional: 'Not granted, optional', add: 'Add what is missing', addText: 'Run this as root on any node of the cluster. It adds these rights and changes nothing else.', none: 'RedFlag needs no right to create, delete or change LXCs, and asks for none.', noGuests: 'The token sees no LXC. Either there is none, or it lacks VM.Audit on /vms.', again: 'Check again', next: 'Add this cluster', without: 'Go on without them', busy: 'Checking…', adding: 'Adding…', done: (n: number, of: number) => `${count(n)} of ${count(of)} granted`, cluster: 'Cluster', single: 'A single node', unseen: 'Not known without Sys.Audit', already: (name: string) => `${name} was in RedFlag already. It takes this address too, and uses this token from now on.`, version: 'Proxmox VE', nodes: 'Nodes', visible: 'LXCs it sees',
  },
  access,
  discover: {
    title: 'Discovering', lead: 'Reading nodes and LXCs. Nothing is changed.', choose: 'Choose where the agent goes. LXCs without it still show state and load, but not their packages.', nothing: 'No LXC was found on this cluster.', again: 'Discover again', chosen: (n: number, of: number) => `${count(n)} of ${count(of)} chosen`, leftOut: 'Left out', willInstall: 'Will be installed', problems: 'What could not be read', counts: (running: number, stopped: number, templates: number) => `${count(running)} running, ${count(stopped)} stopped, ${plural(templates, 'template', 'templates')}`, agents: (n: number) => `Install ${plural(n, 'agent', 'agents')}…`, done: 'Done', without: 'Finish without agents', all: 'Choose all',
  },
} as const;
