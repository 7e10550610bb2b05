// The words of the settings of RedFlag itself.
import type { KeyStorage } from '../bindings/KeyStorage';
import type { SettingsPage } from '../app/place';
import { bytes, count, plural } from './format';

const names: Record<SettingsPage, string> = {
  general: 'General', clusters: 'Clusters', access: 'Node access', agents: 'Agents', scanning: 'Scanning', notifications: 'Notifications', security: 'Security', data: 'Data', appearance: 'Appearance', about: 'About',
};

const keys: Record<KeyStorage, { name: string; how: string }> = {
  keyring: { name: 'The keyring of your desktop', how: 'Unlocked with your login. Nothing is written to a plain file.' },
  passphrase: { name: 'A passphrase of your own', how: 'Asked for at each start. Tokens and keys are sealed under it.' },
  passphraseToChoose: { name: 'Not decided yet', how: 'This computer has no keyring that RedFlag can use. Choose a passphrase.' },
  passphraseNeeded: { name: 'A passphrase of your own', how: 'It has not been entered yet, so tokens and keys are still sealed.' },
};

export const settingsPages = {
  title: 'Settings', saved: 'Changes are saved at once', label: 'Settings', names,
  general: {
    card: 'On this computer', login: 'Start at login', loginHint: 'Begins with your session, in the tray', tray: 'Tray icon', trayHint: 'Shows whether updates wait and whether something failed', keep: 'Keep running in the tray', keepHint: 'Closing the window does not stop scans',
    missing: 'This desktop shows no tray icons, so closing the window ends RedFlag', needsTray: 'Needs the tray icon', none: 'This RedFlag runs without a desktop',
  },
  clusters: {
    card: 'Clusters', none: 'No clusters yet', add: 'Add cluster', test: 'Test…', guests: (n: number, nodes: number) => `${plural(nodes, 'node', 'nodes')} · ${plural(n, 'LXC', 'LXCs')}`, of: (name: string, what: string) => `${what} ${name}`,
  },
  access: { card: (name: string) => name, lead: 'How RedFlag gets into the LXCs of each node, to install agents. Once an agent runs, it needs none of this.', console: 'No SSH: over the consoles of LXCs', none: 'Not set up', change: 'Change…', setUp: 'Set up…', setUpAll: 'Set up all…', of: (node: string, what: string) => `${what} ${node}`, empty: 'Nodes appear here once a cluster is added.' },
  agents: {
    card: 'Agents', gateway: 'This computer', online: 'Online', offline: 'Do not answer', off: 'In stopped LXCs', none: 'LXCs without an agent', older: 'Older than this RedFlag', upgrade: 'Upgrade agents…', install: 'Install agents…', restart: 'Restart agents…', show: 'Show', nobody: 'None',
  },
  scanning: { images: 'Registries', rhythm: 'How often registries are asked', rhythmHint: 'For newer images, over the whole fleet', rules: 'Set aside', rulesHint: 'What is ignored, snoozed or held, and for what', reading: 'Reading.' },
  notifications: {
    card: 'On this computer', show: 'Desktop messages', showHint: 'Nothing is shown while this is off', about: 'Tell me about', updates: 'New updates after a scan', finished: 'Finished without trouble', failed: 'Failed', unreachable: 'Node or agent cannot be reached',
    quiet: 'Quiet hours', every: 'Every day', wait: 'Messages wait until the end', from: 'Quiet from', to: 'Quiet until', until: 'to', once: 'Still tell me at once about failures', offQuiet: 'Messages come at any time',
    pause: 'Pause', running: 'Messages are shown', paused: (until: string) => `Paused until ${until}`, hour: 'For 1 hour', night: 'Until tomorrow 08:00', resume: 'Resume', isOff: 'Messages are off',
    muted: 'Muted LXCs', noneMuted: 'None. An LXC is muted from its menu in the fleet.', unmute: 'Unmute', unmuteOf: (name: string) => `Unmute ${name}`, gone: 'Not in the fleet any more',
  },
  security: {
    where: 'Where keys are kept', protected: 'Protected', sealed: 'Sealed', open: 'To do', keys, tokens: 'API tokens', tokensHint: (n: number) => `${plural(n, 'cluster', 'clusters')}, never shown again`, stored: (n: number) => `${count(n)} stored`, change: 'Change passphrase…', passphrase: 'Passphrase',
    passphraseHint: 'At least 8 characters', trail: 'Audit', trailHint: 'Every act with consequences. Entries are only ever added.', openAudit: 'Show the audit', record: 'What was done',
    dialog: { title: 'Change passphrase', lead: 'Tokens and keys are sealed anew under it. Nothing else changes.', current: 'Present passphrase', next: 'New passphrase', again: 'New passphrase again', short: 'Use at least 8 characters.', differ: 'The two are not the same.', same: 'It is the present one.', save: 'Change passphrase', saving: 'Changing…', done: 'The passphrase is changed.', hint: 'If it is lost, the stored tokens and keys are lost with it.' },
  },
  data: {
    where: 'Where it lies', folder: 'Folder', size: 'Database', sizeText: (n: number) => bytes(n), copy: 'Copy path', reading: 'Reading.', copies: 'Copies of the database', copiesHint: 'To go back to. The newest seven are kept.', none: 'No copy yet', backup: 'Back up now', backingUp: 'Backing up…', restore: 'Restore…', restoreOf: (age: string) => `Restore the copy made ${age}`,
    ago: (age: string) => (age === 'now' ? 'just now' : `${age} ago`), waiting: (at: string) => `The copy of ${at} is put in place at the next start. Until then nothing changes.`, waitingUnknown: (name: string) => `${name} is put in place at the next start. Until then nothing changes.`,
    export: 'Export', fleet: 'The fleet', fleetHint: 'Clusters, nodes and LXCs with what is known of them', exportFleet: 'Export the fleet', history: 'The history', historyHint: 'Every receipt', csv: 'CSV', json: 'JSON', historyAs: (format: string) => `Export the history as ${format}`, exported: (path: string) => `Written to ${path}`,
    dialog: { title: 'Restore a copy', lead: (at: string, size: string) => `The copy of ${at}, ${size}.`, lost: 'What is lost', lostList: (age: string) => [`Everything since then, ${age}: receipts, approvals, the audit`, 'Clusters that were added and settings that were changed since', 'Agents that were installed since must be set up again'], stays: 'What stays', staysList: ['Nothing changes in Proxmox or in the LXCs', 'The present database becomes a copy itself, to go back to'], when: 'It is put in place at the next start of RedFlag.', save: 'Restore at the next start', saving: 'Preparing…', done: 'The copy is put in place at the next start.' },
  },
  appearance: {
    card: 'Colours', theme: 'Theme', themes: { system: 'System', dark: 'Dark', light: 'Light' }, contrast: 'High contrast', contrastHint: 'Stronger text and edges; also where the system asks for it', motion: 'Reduced motion', motionHint: 'Nothing moves or fades; also where the system asks for it',
    size: 'Size', compact: 'Compact rows', compactHint: 'Rows of 24 instead of 28 pixels', zoom: 'Zoom', zoomHint: 'Ctrl with +, − and 0', larger: 'Larger', smaller: 'Smaller', usual: 'Usual size',
    keyboard: 'Keyboard', letters: 'Single letter keys', lettersHint: 'S, A, U and others in the tree. Ctrl keys do the same while this is off', shortcuts: 'Show all keys',
  },
  about: { card: 'RedFlag', version: 'Version', licence: 'Licence', licences: 'MIT OR Apache-2.0', folder: 'Data folder', demo: 'Demo', demoText: 'These are simulated clusters in a database of their own. Nothing real is touched.', fonts: 'Typefaces and icons', fontsText: 'Inter and JetBrains Mono (OFL 1.1), Lucide (ISC)' },
} as const;
