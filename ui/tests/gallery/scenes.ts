// The scenes of the gallery: how the window is brought into each state.
import { flushSync } from 'react-dom';
import { openMenu } from '../../src/actions/menu';
import { rememberLoad } from '../../src/live/cpu';
import { showChanges } from '../../src/live/store';
import { openPanel, usePanel } from '../../src/panel/state';
import { makePlan } from '../../src/plan/state';
import { go } from '../../src/app/place';
import { summon, useTreeView } from '../../src/tree/view';
import { freshWizard, type StepName, useWizard, type Wizard } from '../../src/wizard/state';
import { bigFleet, C1, FLEET, guestId, NOW } from '../fixtures/fleet';
import { PLAN } from '../fixtures/work';
import { failure, type MemoryHost, PRINT } from '../host';

interface Scene {
  before?: (host: MemoryHost) => void;
  after?: (host: MemoryHost) => void;
}

const focus = (key: string, more: object = {}) => {
  useTreeView.setState({ focus: key, ...more });
  summon();
};
const g = (vmid: number) => `guest:${guestId(vmid)}`;

function loads(): void {
  for (const row of FLEET.guests) for (let i = 0; i < 12; i++) if (row.cpu !== null) rememberLoad(`guest:${row.id}`, Math.abs(Math.sin(row.vmid * 3 + i * 1.7)) * row.cpu * 1.6);
  for (const row of FLEET.nodes) for (let i = 0; i < 12; i++) if (row.cpu !== null) rememberLoad(`node:${row.key.cluster}/${row.key.node}`, Math.abs(Math.sin(i * 2.1)) * row.cpu * 1.6);
}

function open(vmid: number, tab: 'updates' | 'history' = 'updates'): Scene {
  return {
    before: loads,
    after: () => {
      focus(g(vmid), { open: new Set([...useTreeView.getState().open, g(100)]) });
      usePanel.setState({ tab });
      openPanel(true);
    },
  };
}

const probed = {
  address: '192.168.1.10:8006', known: null, compare: 'openssl x509 -in /etc/pve/local/pve-ssl.pem -noout -fingerprint -sha256',
  certificate: { sha256: PRINT, subject: 'pve1.home.arpa', issuer: 'Proxmox Virtual Environment, its own authority', names: ['pve1.home.arpa', '192.168.1.10'], notBefore: NOW - 9e9, notAfter: NOW + 5e10, trustedBySystem: false },
};

function wizard(step: StepName, part: Partial<Wizard> = {}, before?: Scene['before']): Scene {
  return {
    before: (host) => {
      before?.(host);
      useWizard.setState({ ...freshWizard(), step, address: '192.168.1.10', probed, matches: true, pasted: PRINT, secret: { id: 's' }, cluster: C1, ...part });
      go({ view: 'wizard' });
    },
  };
}

/** Ten patches of fifty rows over 10,000: the time until each is laid out, in the page's title. */
function measure(): void {
  const times: number[] = [];
  for (let round = 0; round < 10; round += 1) {
    const rows = bigFleet().guests.filter((_, i) => i % 200 === 0 || i % 100 === 0).slice(0, 50);
    const guests = rows.map((row) => ({ ...row, cpu: round / 10, power: round % 2 === 0 ? 'stopped' as const : 'running' as const }));
    const began = performance.now();
    flushSync(() => showChanges([{ clusters: [], nodes: [], guests, goneClusters: [], goneNodes: [], goneGuests: [], totals: null }], []));
    document.body.getBoundingClientRect();
    times.push(performance.now() - began);
  }
  const sorted = times.toSorted((a, b) => a - b);
  const began = performance.now();
  flushSync(() => useTreeView.setState({ open: new Set() }));
  document.body.getBoundingClientRect();
  document.title = `rows ${document.querySelectorAll('.tree-body .row').length} median ${sorted[5]?.toFixed(1)} worst ${sorted[9]?.toFixed(1)} close ${(performance.now() - began).toFixed(1)}`;
}

export const SCENES: Record<string, Scene> = {
  fleet: open(100),
  history: open(200, 'history'),
  updates: open(200),
  closed: { before: loads },
  multi: {
    before: loads,
    after: () => {
      useTreeView.setState({ filter: 'prod' });
      setTimeout(() => {
        focus(g(200), { ticked: new Set([g(100), g(101), g(200)]) });
        openMenu({ x: 352, y: 284 });
      }, 100);
    },
  },
  menu: { before: loads, after: () => { focus(g(102)); openMenu({ x: 352, y: 330 }); } },
  node: { before: loads, after: () => { focus(`node:${C1}/pve1`); openPanel(true); } },
  plan: { before: loads, after: () => { focus(g(100)); openPanel(true); void makePlan({ kind: 'update', targets: [{ kind: 'fleet' }], only: { kind: 'all' } }).then(() => setTimeout(() => document.querySelectorAll<HTMLElement>('[role=option]')[2]?.click(), 50)); } },
  'plan-moved': {
    before: (host) => { loads(); host.answers.approve_plan = () => { throw failure('planMoved', 'The packages of nextcloud are not those of the plan any more.', 'openssl 3.0.16-1~deb12u1 appeared since', 'Make a new plan and look at it.'); }; },
    after: () => void makePlan({ kind: 'update', targets: [{ kind: 'fleet' }], only: { kind: 'all' } }).then(() => setTimeout(() => document.querySelector<HTMLElement>('[data-testid=plan-approve]')?.click(), 100)),
  },
  'plan-removal': {
    before: (host) => {
      loads();
      host.answers.make_plan = () => ({ ...PLAN, guests: PLAN.guests.slice(2).map((one) => (one.work.kind === 'update' ? { ...one, work: { ...one.work, plan: { ...one.work.plan, removed: [{ package: 'php-imagick', arch: 'amd64', from: '3.7.0-4', to: null }] } } } : one)) });
    },
    after: () => void makePlan({ kind: 'update', targets: [{ kind: 'fleet' }], only: { kind: 'all' } }),
  },
  making: { before: (host) => { loads(); host.answers.make_plan = () => new Promise(() => undefined); }, after: (host) => { void makePlan({ kind: 'update', targets: [{ kind: 'fleet' }], only: { kind: 'all' } }); host.send({ kind: 'planProgress', answered: 3, of: 5 }); } },
  enrol: { before: loads, after: () => void makePlan({ kind: 'enrol', targets: [{ kind: 'fleet' }], only: { kind: 'all' } }) },
  operation: { before: loads, after: () => go({ view: 'operation', id: 'o-1483', job: null }) },
  operations: { before: loads, after: () => go({ view: 'operations' }) },
  empty: { before: (host) => { host.answers.snapshot = () => ({ seq: 10, fleet: { clusters: [], nodes: [], guests: [], totals: { ...FLEET.totals, clusters: 0 } }, operations: [] }); } },
  passphrase: { before: (host) => { host.answers.app_info = () => ({ version: '0.1.0', dataDir: '/d', keyStorage: 'passphraseToChoose', demo: false }); } },
  address: wizard('address', { probed: null }, (host) => { host.answers.probe_cluster = () => { throw failure('unreachable', 'Nothing answers at 192.168.1.10:8006.', 'connection refused (os error 111)', 'See whether the address is right and the node runs.'); }; }),
  certificate: wizard('certificate'),
  token: wizard('token', { secret: null }),
  permissions: wizard('permissions', {
    check: {
      version: '8.4.21', clusterName: 'Homelab Cluster 1', nodes: ['pve1', 'pve2'], enough: false, visibleGuests: 11, grant: ['pveum role modify RedFlag --append 1 --privs Sys.Audit'],
      privileges: [
        { name: 'VM.Audit', path: '/vms', usedFor: 'See LXCs and their settings', granted: true, required: true },
        { name: 'Sys.Audit', path: '/nodes', usedFor: 'See nodes, load and tasks', granted: false, required: true },
      ],
    },
  }),
  access: wizard('access', {}, undefined),
  discover: wizard('discover'),
  big: {
    before: (host) => {
      host.answers.snapshot = () => ({ seq: 10, fleet: bigFleet(), operations: [] });
    },
    after: measure,
  },
};

