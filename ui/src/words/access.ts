// The words of the ways into nodes and their LXCs.
import type { AccessEntry } from '../bindings/AccessEntry';
import type { AccessKey } from '../bindings/AccessKey';
import type { AccessWay } from '../bindings/AccessWay';
import type { Fit } from '../bindings/Fit';
import type { RoadKind } from '../bindings/RoadKind';
import { count, list, plural } from './format';

const keys: Record<AccessKey['kind'], string> = { own: 'RedFlag’s key', file: 'A key file', agent: 'The ssh-agent' };
const entries: Record<AccessEntry, string> = { attach: 'As root', sudo: 'By sudo', wrapper: 'By a bound key' };
const roads: Record<RoadKind, string> = { ssh: 'SSH to the nodes', console: 'Consoles of the LXCs', paste: 'A pasted command' };
const fits: Record<Fit, string> = { ready: 'Ready', needsSomething: 'Needs something', no: 'Not here' };

export const access = {
  title: 'How to get into the LXCs', lead: 'The API cannot run anything inside an LXC. To install agents, RedFlag opens one SSH connection to each node with a key of its own and enters from there. Once an agent runs, it needs no SSH.',
  key: 'RedFlag’s public key', keyText: 'Add it on each node as root, or give the password once below and RedFlag adds it for you.', host: 'Host', port: 'Port', user: 'User', password: 'Password, used once', passwordHint: 'Leave it empty if the key is there already. It is used for one sign-in and forgotten.', probe: 'Look at its key', probing: 'Asking…', accept: 'It is the same, accept', found: 'Host key', compare: 'Compare on the node’s console:', save: 'Connect', saving: 'Connecting…', skip: 'Skip this node', undo: 'Set it up after all', skipped: (node: string) => `LXCs on ${node} show their state, but no agent can be installed in them until node access is set up.`,
  ready: (host: string | null, guests: number | null) => (host === null ? 'The key is bound as it should be.' : guests === null ? `${host} answers, and the account may enter its LXCs.` : `${host} answers. ${plural(guests, 'running LXC', 'running LXCs')} can be entered.`),
  changed: (was: string) => `Another host key was accepted for this node before: ${was}. Go on only if you know why it changed, for example after a reinstallation.`, next: 'Go on', skipAll: 'Skip for now', open: (n: number) => `${plural(n, 'node is', 'nodes are')} neither connected nor skipped.`, before: (address: string) => `Set up before: ${address}.`, anew: 'Change', forget: 'Forget', forgetting: 'Forgetting…', forgot: (node: string) => `RedFlag does not enter ${node} any more. The key stays on the node until you take it out there.`, state: { open: 'To do', before: 'Set up', accepted: 'Key accepted', ready: 'Connected', skipped: 'Skipped' }, done: (ready: number, of: number) => `${count(ready)} of ${count(of)} nodes`, reading: 'Reading the nodes.',
  configured: (name: string, where: string) => `Your SSH configuration has ${name}: ${where}.`, use: 'Use it', notFollowed: (keywords: readonly string[]) => `RedFlag does not follow ${list(keywords)} of your SSH configuration.`,
  ways: {
    more: 'Other keys and accounts', change: 'Change…', with: 'Sign in with', enter: 'Enter the LXCs', through: 'Go through', directly: 'No other node', keys, entries,
    file: 'Key file on this computer', fileHint: 'It is read for each connection and not copied. A key with a passphrase goes into the ssh-agent.', only: 'Only the key with this fingerprint, optional', onlyHint: 'Like SHA256:… Without it, the first five keys of the agent are tried.',
    entryHint: { attach: 'The account is root and starts lxc-attach.', sudo: 'Another account, which sudo lets into LXCs and nowhere else. Each step takes about a second longer.', wrapper: 'Root’s account, with a key that can enter LXCs and do nothing else on the node.' } satisfies Record<AccessEntry, string>,
    lines: (node: string) => `Run this as root on ${node} first.`, linesBusy: 'Making the lines.', noThrough: 'A node that is connected can be gone through.',
  },
  roads: { title: 'Ways into the LXCs', kinds: roads, fits, best: 'Best here', reading: 'Looking which ways work here.', make: 'Make the command…' },
} as const;

/** `RedFlag’s key, as root, through pve2` */
export function wayInWords({ key, entry, through }: AccessWay): string {
  const { ways } = access;
  const parts = [key.kind === 'file' ? key.path : ways.keys[key.kind], ways.entries[entry].toLowerCase()];
  return [...parts, ...(through === null ? [] : [`through ${through}`])].join(', ');
}
