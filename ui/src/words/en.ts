// Every word of the window, in one place.
import type { JobState } from '../bindings/JobState';
import type { LogLevel } from '../bindings/LogLevel';
import type { OperationKind } from '../bindings/OperationKind';
import type { Severity } from '../bindings/Severity';
import type { StepKind } from '../bindings/StepKind';
import type { StepState } from '../bindings/StepState';
import { agentTab } from './agent';
import { audit } from './audit';
import { commands } from './commands';
import { fleetImages } from './fleetImages';
import { bytes, count, plural } from './format';
import { imageWords } from './images';
import { load } from './load';
import { paste } from './paste';
import { cluster, node, settings } from './places';
import { receipts } from './receipts';
import { registries } from './registries';
import { renewal } from './renewal';
import { repair } from './repair';
import { restart } from './restart';
import { tree } from './tree';
import { trouble } from './trouble';
import { settingsPages } from './settings';
import { approvals, changelog, fleetUpdates, planOptions, rules, severity } from './updates';
import { wizard } from './wizard';

/** `doing` is a sentence's worth, `short` fits into a cell beside a figure. */
const steps: Record<StepKind, { head: string; doing: string; short: string }> = {
  check: { head: 'Check', doing: 'Checking', short: 'Checking' },
  copy: { head: 'Copy', doing: 'Copying the agent', short: 'Copying' },
  configure: { head: 'Configure', doing: 'Configuring the agent', short: 'Configuring' },
  install: { head: 'Install', doing: 'Installing the agent', short: 'Installing' },
  checkIn: { head: 'Report', doing: 'Waiting for its report', short: 'Reporting' },
  cleanUp: { head: 'Clean up', doing: 'Cleaning up', short: 'Cleaning up' },
  openConsole: { head: 'Console', doing: 'Making the console a shell', short: 'Console' },
  restartGuest: { head: 'Restart', doing: 'Restarting the LXC', short: 'Restarting' },
  closeConsole: { head: 'Console back', doing: 'Setting the console back', short: 'Console back' },
  restartGuestAgain: { head: 'Restart again', doing: 'Restarting the LXC again', short: 'Restarting' },
  start: { head: 'Start', doing: 'Starting the LXC', short: 'Starting' },
  stop: { head: 'Stop', doing: 'Stopping the LXC again', short: 'Stopping' },
  restart: { head: 'Restart', doing: 'Restarting the agent', short: 'Restarting' },
  remove: { head: 'Remove', doing: 'Removing the agent', short: 'Removing' },
  send: { head: 'Hand over', doing: 'Handing over to the agent', short: 'Handing over' },
  refresh: { head: 'Package lists', doing: 'Reading package lists', short: 'Reading' },
  scan: { head: 'Scan', doing: 'Scanning', short: 'Scanning' },
  preflight: { head: 'Preflight', doing: 'Preflight', short: 'Preflight' },
  download: { head: 'Download', doing: 'Downloading', short: 'Downloading' },
  repair: { head: 'Repair', doing: 'Repairing the packages', short: 'Repairing' },
  apply: { head: 'Install', doing: 'Installing', short: 'Installing' },
  verify: { head: 'Verify', doing: 'Verifying', short: 'Verifying' },
  record: { head: 'Record', doing: 'Recording', short: 'Recording' },
};
const stepStates: Record<StepState, string> = {
  waiting: 'Waiting', running: 'Running', done: 'Done', failed: 'Failed', skipped: 'Not needed', unknown: 'Unknown',
};
const jobStates: Record<JobState, string> = {
  waiting: 'Waiting', running: 'Running', succeeded: 'Done', failed: 'Failed', skipped: 'Left out',
  cancelled: 'Stopped', interrupted: 'Interrupted',
};
const kinds: Record<OperationKind, string> = { enrol: 'Install agent', scan: 'Scan', update: 'Update', restartAgent: 'Restart agent', removeAgent: 'Remove agent', upgradeAgent: 'Upgrade agent', repair: repair.kind, updateImages: renewal.kind, restartGuest: restart.kind };
const results: Record<OperationKind, string> = { enrol: 'Connected', scan: 'Scanned', update: 'Updated', restartAgent: 'Restarted', removeAgent: 'Removed', upgradeAgent: 'Upgraded', repair: repair.done, updateImages: renewal.done, restartGuest: restart.done };
const severities: Record<Severity, string> = {
  critical: 'Critical', high: 'High', medium: 'Medium', low: 'Low', securityUnrated: 'Security', unknown: '',
};
const levels: Record<LogLevel, string> = { info: '', warning: 'note', error: 'fail', output: '' };

const updates = (n: number) => plural(n, 'update', 'updates');
const lxcs = (n: number) => plural(n, 'LXC', 'LXCs');
const packages = (n: number) => plural(n, 'package', 'packages');
const agents = (n: number) => plural(n, 'agent', 'agents');
const titles: Record<OperationKind, (n: number) => string> = {
  enrol: (n) => `Install ${agents(n)}`, scan: (n) => `Scan ${lxcs(n)}`, update: (n) => `Update ${lxcs(n)}`,
  restartAgent: (n) => `Restart ${agents(n)}`, removeAgent: (n) => `Remove ${agents(n)}`, upgradeAgent: (n) => `Upgrade ${agents(n)}`, repair: (n) => repair.title(lxcs(n)), updateImages: (n) => renewal.title(lxcs(n)), restartGuest: (n) => restart.title(lxcs(n)),
};

export const words = {
  product: 'RedFlag',
  none: '–',
  close: 'Close', cancel: 'Cancel', back: 'Back', copy: 'Copy', copied: 'Copied', tryAgain: 'Try again', clear: 'Clear', undo: 'Undo',
  notices: { label: 'Notices' },
  to: 'to', next: 'Next:', updates, lxcs, packages,
  views: { label: 'Views', fleet: 'Fleet', updates: 'Updates', images: 'Images', operations: 'Operations', history: 'History', audit: 'Audit', settings: 'Settings' },
  link: {
    live: 'Live', starting: 'Starting', lost: 'Connection lost', version: (v: string) => `Version ${v}`, demo: 'Demo data',
    problem: 'The fleet cannot be read.',
  },
  top: {
    label: 'Filter and actions on the fleet',
    clearFilter: 'Clear the filter',
    matches: (n: number, of: number) => `${count(n)} of ${count(of)}`,
    scanAll: 'Scan all', scanShown: 'Scan shown', updateAll: 'Update all', updateShown: 'Update shown',
    nothingToUpdate: 'No updates to install are known', nothingToScan: 'No LXC with an agent that answers', nothingShown: 'The filter shows no LXC', fleet: 'the fleet',
  },
  fleet: {
    totals: (clusters: number, nodes: number, guests: number) =>
      [plural(clusters, 'cluster', 'clusters'), plural(nodes, 'node', 'nodes'), lxcs(guests)].join(' · '),
    totalUpdates: (n: number, on: number) => `${updates(n)} on ${count(on)}`,
    totalSecurity: (n: number) => `${count(n)} security`,
    shown: (n: number, of: number) => `${count(n)} of ${count(of)} LXCs shown`,
    addCluster: 'Add cluster', noMatch: (text: string) => `Nothing matches “${text}”.`,
    columns: { tick: 'Selected', name: 'Name', state: 'State', updates: 'Updates', images: 'Images', agent: 'Agent', address: 'Node / IP', uptime: 'Uptime', cpu: 'CPU', ram: 'RAM', checked: 'Checked' },
    cpu: (share: string) => `CPU ${share}`, ram: (share: string) => `RAM ${share}`,
    held: 'held', heldTitle: (n: number) => `${updates(n)} held, kept back, phased or pinned: not installed with the others`,
    reading: 'Reading packages', noPackages: 'No pending packages', source: (suite: string) => `APT · ${suite}`,
  },
  firstRun: {
    title: 'No clusters yet',
    text: 'Add your first Proxmox cluster. RedFlag shows its nodes, LXCs and packages in one tree. It changes nothing until you approve a plan.',
    address: ['An address', 'One node is enough, for example 192.168.1.10. RedFlag finds the rest.'],
    token: ['An API token', 'Not your root password. RedFlag shows the lines to make one.'],
    time: ['About 3 minutes', 'Agents can come later. The tree works without them.'],
  },
  state: {
    running: 'Running', stopped: 'Stopped', unknown: 'Unknown', template: 'Template', wasRunning: 'Was running', wasStopped: 'Was stopped',
    locked: (by: string) => `Locked: ${by}`, online: 'Online', quorate: 'Quorate', noQuorum: 'No quorum', notAsked: 'Not asked yet', off: 'Switched off',
    partly: (up: number, of: number) => `${count(up)} of ${count(of)} nodes`, unreachable: 'Unreachable', refused: 'Token refused',
    certificate: 'Certificate changed', waiting: 'Waiting', percent: (doing: string, p: number) => `${doing} ${p} %`,
  },
  updateState: {
    upToDate: 'Up to date', wasUpToDate: 'Was up to date', unknown: 'Unknown', notRunning: 'Not running', notScanned: 'Not scanned yet', notUpdated: 'Not updated',
    scanFailed: 'Scan failed', failed: 'Failed', security: (n: number) => `${count(n)} sec`, past: (n: number) => `+${count(n)}`,
    pastTitle: (n: number) => `${updates(n)} known from an earlier time only, not in the sum`,
    sinceTitle: (at: string) => `Known from ${at} only`,
  },
  agent: { online: 'Online', offline: 'Offline', off: 'Off', notInstalled: 'Not installed', unknown: 'Unknown', version: (v: string) => `Agent ${v}`, via: (node: string) => `Via ${node}`, carried: (v: string, node: string) => `Agent ${v}, online through ${node}: it does not reach this computer by itself` },
  agentTab, renewal, repair, restart,
  panel: {
    label: 'Details', updates: 'Updates', history: 'History', apt: 'APT packages', security: 'Security', other: 'Other', heldBack: 'Held back',
    download: (n: number) => `${bytes(n)} to download`, restarts: 'Restart needed', repositories: 'Package lists', listsAt: 'Fetched', neverFetched: 'Never fetched',
    interrupted: 'An earlier installation was interrupted', reading: 'Reading what the agent reported.',
    plan: 'Plan update…', planSeveral: (n: number) => `Plan update for ${lxcs(n)}…`, installAgent: 'Install agent…', installSeveral: (n: number) => `Install ${agents(n)}…`, scan: 'Scan', more: 'More actions',
    selected: (n: number) => `${lxcs(n)} selected`, together: 'Together', nodes: (n: number) => plural(n, 'node', 'nodes'), otherUpdates: (n: number) => `${count(n)} other`,
    address: 'Address', version: 'Proxmox VE', uptime: 'Uptime', checked: 'Checked', access: 'Node access', noAccess: 'Not set up. Agents cannot be installed from here.', byConsole: 'No SSH. Agents go in over the consoles of LXCs whose console mode is “shell”.', cpu: 'CPU', memory: 'RAM', os: 'System', node: 'Node', agent: 'Agent', guests: 'LXCs',
    lastSeen: (age: string) => `last seen ${age} ago`, usage: (used: number, of: number) => `${bytes(used)} of ${bytes(of)}`, old: 'Last known picture. Its node does not answer.', oldOff: 'Last known picture. Its cluster is switched off.', oldRefused: 'Last known picture. Proxmox refuses the token of its cluster.', oldCertificate: 'Last known picture. The certificate of its cluster has changed.', oldTitle: 'Last known picture', nextTry: (at: string) => `Next try ${at}.`,
  },
  blocked: {
    removes: (names: string) => `It would remove ${names}, which a plan does only if you allow it`,
    held: 'Held in the LXC (apt-mark hold)', phased: 'Phased by the publisher: not offered to this LXC yet', pinned: 'Pinned to another version', keptBack: (why: string) => `Kept back: ${why}`,
  },
  unknownWhy: {
    noAgent: 'No agent yet. RedFlag cannot see packages from outside.', notRunning: 'It does not run, so its packages cannot be read.', notScanned: 'It has not been scanned yet.',
    old: (at: string) => `Read on ${at}. The agent has not reported since.`,
  },
  history: {
    none: 'No updates by RedFlag yet.', update: (n: number) => (n === 0 ? 'Update, nothing changed' : `Update, ${packages(n)}`), began: 'Began', receipt: (n: number) => `Receipt #${n}`, approved: 'Approved by', plan: 'Plan', took: 'Took', check: 'Check', sound: 'Package database sound', notSound: 'Package database damaged', notAsked: 'Package database not asked',
    changed: 'Before and after', nothing: 'Nothing was changed.', notDone: 'Planned, not done', kept: 'Configuration files kept as yours', services: 'Services', active: 'runs', inactive: 'does not run', removed: 'removed', log: 'Log',
  },
  actions: {
    scan: 'Scan for updates', enrol: (many: boolean) => (many ? 'Install agents…' : 'Install agent…'), restart: (many: boolean) => (many ? 'Restart agents…' : 'Restart agent…'), removeAgent: (many: boolean) => (many ? 'Remove agents…' : 'Remove agent…'), upgradeAgent: (many: boolean) => (many ? 'Upgrade agents…' : 'Upgrade agent…'), update: 'Install updates…', updateThis: 'Install this update…', updatePart: 'Install these updates…', security: 'Install security updates…', details: 'View details', access: 'Set up node access…', copyName: 'Copy name', copyNames: 'Copy names', copyVersion: 'Copy version', copyAddress: 'Copy address', copyAddresses: 'Copy addresses',
    some: (n: number, of: number, can: string) => `${count(n)} of ${count(of)} ${can}`,
    wouldStart: (n: number, of: number) => (of === 1 ? 'Stopped: it would be started for it' : `${count(n)} stopped: would be started for it`), repair: 'The agent does not answer: it is set up again',
    can: { scan: 'can be scanned', enrol: 'can get an agent', restart: 'can be restarted', removeAgent: 'can be taken out', upgradeAgent: 'have an older agent', update: 'have updates to install', security: 'have security updates' },
    why: {
      none: 'No LXC here', template: 'A template is not changed', stopped: 'Stopped. Start it first', old: 'Its node does not answer', unknownPower: 'Its power state is unknown', busy: 'An operation runs on it',
      locked: (by: string) => `Locked: ${by}`, noAgent: 'No agent. Install it first', offline: 'The agent does not answer', installed: 'Already installed', agentless: 'No agent', newest: 'The agent is the newest already', noAccess: (node: string) => `No access to ${node}. Set up node access first`,
      upToDate: 'Up to date', notKnown: 'Updates are not known yet. Scan first', noSecurity: 'No security updates', unsupported: 'RedFlag does not update it', one: 'Choose one', notHere: 'Not for this row', noAddress: 'No address known', ...cluster.actions.why,
    },
    noneOf: (of: number, can: string) => `None of ${count(of)} ${can}`,
    head: (guests: string, n: number, security: number) => (n === 0 ? guests : `${guests} · ${updates(n)}${security > 0 ? `, ${count(security)} security` : ''}`),
    scanStarted: (what: string) => `Scan of ${what} started.`, approved: (short: string) => `Plan ${short} started.`,
  },
  plan: {
    titles, making: 'Making the plan', answered: (n: number, of: number) => `${count(n)} of ${count(of)} answered`, asking: 'Each agent simulates the update. Nothing is changed.', checking: 'Looking which LXCs can be reached. Nothing is changed.',
    head: 'Plan', meta: (made: string, until: string) => `made ${made}, good until ${until} · nothing has been changed yet`, again: 'Make a new plan', order: 'Order', oneByOne: 'in this order', stops: (n: number) => `Stops after ${plural(n, 'failure', 'failures')}.`,
    recheck: 'Each LXC is simulated again first. If its packages moved, it is not touched and you are asked again.', enrolFail: 'An agent that fails is removed again.', notIn: 'Not in this plan',
    upgraded: 'Upgraded', added: 'Added', removedHead: 'Removed', keptBack: 'Kept back', version: 'Version', size: 'Size', security: 'Security', space: 'Space', downloaded: 'download', needed: (n: number, free: number) => `${bytes(n)} needed, ${bytes(free)} free`, tight: 'Not enough room', restarts: 'Restarts', conffiles: 'Changed configuration', conffilesHint: 'These files stay as they are. Where the new version brings others, the receipt shows how they differ.', noRestarts: 'No services known', reboot: 'No reboot of the LXC', wayBack: 'Way back', noWayBack: 'None', noSnapshots: 'RedFlag takes no snapshot yet',
    cannot: 'Cannot be undone', cannotList: ['Package versions: older ones may be gone from the archive', 'Data that a newer version converts when it starts'], cannotHint: 'Take a snapshot or a backup in Proxmox first if you may need to go back.', done: 'After the update', doneList: ['Versions, package database and services are checked', 'A receipt says what changed and what did not'],
    reach: 'Reached through', system: 'System', leaves: 'What it leaves', steps: 'What will be done', stepList: ['Check that it runs, is not locked, and has room', 'Copy the agent and compare its checksum', 'Write its configuration with a code that works once', 'Let the agent set up its own service', 'Wait for its first report', 'Remove what only the installation needed'], enrolLeaves: 'One program, one service, no open port', stepStart: 'Start the LXC', stepCheckStopped: 'Check that it is not locked', stepStop: 'Stop the LXC again, and keep the agent for its next start', stepOpen: 'Note how the console is set, and set it to a shell of root', stepRestart: 'Restart the LXC, which brings that into force', stepClose: 'Set the console back to what it was, whatever became of the rest', stepRestartAgain: 'Restart the LXC again, which brings that into force',
    restartFail: 'An agent that does not report again is named. Nothing else is changed.', restartChanges: 'Changes', restartOnly: 'Nothing. Its service begins anew', restartList: ['Check that the LXC runs and is not locked', 'Restart the agent’s service through the node', 'Wait for its report'],
    upgradeRow: (from: string, to: string) => `${from} → ${to}`, upgradeFail: 'A new agent that does not report gives way to the old one, which comes back by itself.', upgradeFrom: 'Present version', upgradeTo: 'New version', upgradeList: ['Check that the agent is older and answers', 'Let the agent fetch the new program and compare its SHA-256', 'Try it, put it in place and start the service again', 'Wait for the new agent’s report, or bring the old one back'],
    removeFail: 'An agent that cannot be taken out is named, and stays as it is.', goes: 'What goes', goesList: 'The agent with its service, configuration and certificate', stays: 'What stays', staysList: 'The history and the receipts', removeList: ['Check that the LXC runs and is not locked', 'Stop the service and take out everything of the agent', 'Look that nothing of it is left, and forget its certificate'], removeHint: 'Its packages cannot be seen or updated from here until an agent is installed again. Packages and data of the LXC are not touched.',
    started: 'Is started for it', startedNote: 'It is stopped. It is started for the installation, and stopped again afterwards.', takeOverNote: 'If an agent of another RedFlag is in it, that agent is replaced and does not report there any more.', beyond: 'More can be done if you allow it', restarted: 'Is restarted twice for it',
    shellMeans: 'While it lasts, everyone with VM.Console on it is root in it without a password.', shellNote: (starts: boolean) => `Its console is no shell. It becomes one for the installation${starts ? '' : ', and the LXC is restarted for that'}. While it lasts, everyone with VM.Console on it is root in it without a password. Afterwards the console is set back${starts ? '' : ', and the LXC is restarted again'}.`,
    remedies: {
      start: (n: number) => (n === 0 ? 'Start stopped LXCs for it, and stop them again' : n === 1 ? 'Start the stopped LXC for it, and stop it again' : `Start the ${count(n)} stopped LXCs for it, and stop them again`),
      shell: (n: number) => (n === 0 ? 'Make consoles shells of root for it, restart those LXCs, and set both back.' : `Make the console of ${lxcs(n)} a shell of root for it, restart ${n === 1 ? 'the LXC' : 'each LXC'} twice if it runs, and set the console back.`),
      takeOver: (n: number) => (n === 0 ? 'Take over LXCs from another RedFlag' : `Take over ${lxcs(n)} from another RedFlag`),
      removals: (n: number) => (n === 0 ? 'Remove packages that stand in the way of updates' : `Remove packages that stand in the way of updates in ${lxcs(n)}`),
      engine: (n: number) => (n === 0 ? 'Update Docker’s engine, which restarts every Docker container there' : `Update Docker’s engine in ${lxcs(n)}, which restarts every Docker container there`),
    },
    removals: (n: number) => `Remove ${packages(n)}: I have read which ones`, approve: (short: string) => `Approve plan ${short} and start`, onlyThis: 'Approval is for this list only. If anything in it changes, you are asked again.', empty: 'Nothing in it can be done now.', emptyYet: 'Nothing in it can be done as it is. What you may allow stands at the left.', expired: 'This plan is too old to be approved.', moved: 'This plan does not hold any more.', failed: 'No plan could be made', agents, notThere: 'Nothing is changed in any LXC.', security_n: (n: number) => `${count(n)} security`, total_download: (n: number) => `${bytes(n)} download`, removing: (n: number) => `removes ${packages(n)}`,
  },
  operations: {
    title: 'Operations', none: 'No operations yet', noneText: 'Scans, agent installations and updates appear here, each with its steps and its log.', running: (n: number) => `${count(n)} running`, waiting: (n: number) => `${count(n)} waiting`, failed: (n: number) => `${count(n)} failed`, openAll: 'Open all', show: 'Show operations', name: (kind: OperationKind, subject: string) => `${kinds[kind]} · ${subject}`, heading: (number: number, kind: OperationKind, subject: string) => `#${number} ${kinds[kind]} ${subject}`,
    started: (at: string) => `started ${at}`, plan: (short: string) => `plan ${short}`, cancel: 'Cancel rest', cancelling: 'Stopping after this step', counts: { succeeded: 'done', running: 'running', waiting: 'waiting', failed: 'failed', interrupted: 'interrupted', skipped: 'left out', cancelled: 'stopped' }, soFar: (t: string) => `${t} so far`, tookAll: (t: string) => `took ${t}`, lxc: 'LXC', result: 'Result', time: 'Time', log: 'Log', follow: 'Follow', noLog: 'Nothing logged yet.', noLogAtAll: 'Nothing was logged.', jobs: 'LXCs of this operation', chooseJob: 'Choose an LXC to see what it does.',
    steps, stepStates, jobStates, kinds, results, done: 'Done', ended: { cancelled: 'Stopped', failed: 'Failed', partly: (failed: number, of: number) => `${count(failed)} of ${count(of)} failed`, nothing: 'Nothing done', skipped: (n: number, of: number) => `${count(n)} of ${count(of)} left out` },
    spoken: (number: number, what: string, done: number, of: number) => `Operation ${number}, ${what}: ${count(done)} of ${count(of)} done.`, spokenFailed: (number: number, what: string) => `Operation ${number}, ${what}: one failed.`, problem: 'Problem', receipt: 'Receipt', nowAt: 'Now', cell: (state: string, detail: string | null) => (detail === null ? state : `${state}, ${detail}`),
    retry: { failed: 'Retry failed', stopped: 'Retry stopped', leftOut: 'Retry left out', title: (n: number, plan: boolean) => (plan ? `Makes a plan for ${lxcs(n)}` : `Scans ${lxcs(n)} again`) },
    filter: { label: 'Shown by state', shown: (n: number, of: number) => `${count(n)} of ${count(of)} shown`, all: 'Show all', none: 'None of these now.' },
    summary: (did: number, of: number, result: string, failed: number) => `${count(did)} of ${lxcs(of)} ${result.toLowerCase()}${failed === 0 ? '' : `, ${count(failed)} failed`}`, notReached: 'Not reached',
  },
  severities, levels, trouble,
  unlock: {
    chooseTitle: 'Choose a passphrase', chooseText: 'This computer has no keyring that RedFlag can use. Tokens and keys are kept sealed under a passphrase of your own instead.', chooseHint: 'It is asked for at each start. If it is lost, the stored tokens and keys are lost with it, and clusters and agents must be set up again. Nothing in your LXCs is harmed.', enterTitle: 'Enter the passphrase', enterText: 'Tokens and keys are sealed under the passphrase that you chose.', passphrase: 'Passphrase', repeat: 'Repeat it', short: 'Use at least 8 characters.', differ: 'The two are not the same.', choose: 'Use this passphrase', open: 'Unlock', opening: 'Unlocking…',
  },
  commands, load, settingsPages,
  wizard, cluster, node, settings, audit, paste, approvals, changelog, fleetUpdates, images: imageWords, fleetImages, planOptions, receipts, registries, rules, severity,
  tree,
} as const;
