// The scenes of the gallery: how the window is brought into each state.
import type { GuestRow } from '../../src/bindings/GuestRow';
import type { Link } from '../../src/bindings/Link';
import type { UpdateCounts } from '../../src/bindings/UpdateCounts';
import type { UpdateState } from '../../src/bindings/UpdateState';
import { flushSync } from 'react-dom';
import { openMenu } from '../../src/actions/menu';
import { rememberLoad } from '../../src/live/cpu';
import { showChanges } from '../../src/live/store';
import { type GuestTab, openPanel, usePanel } from '../../src/panel/state';
import { openPaste } from '../../src/paste/state';
import { makePlan } from '../../src/plan/state';
import { go } from '../../src/app/place';
import { summon, useTreeView } from '../../src/tree/view';
import { freshWizard, type StepName, useWizard, type Wizard } from '../../src/wizard/state';
import { openChangelog } from '../../src/changelog/state';
import { openDialog } from '../../src/clusters/state';
import { bigFleet, C1, C2, FLEET, guestId, NOW } from '../fixtures/fleet';
import { EVERY } from '../fixtures/images';
import { FLEET_IMAGES } from '../fixtures/registries';
import { IMAGE_RECEIPTS, nginxPlan } from '../fixtures/renewal';
import { clusterDetails, CREATED, GUEST_FACTS, NODE_FACTS, nodeDetails } from '../fixtures/places';
import { APPLIED, APPROVALS, manyGroups, RULES } from '../fixtures/updates';
import { countsOf, details, job, manyJobs, operation, PLAN, PLANNED } from '../fixtures/work';
import type { Job } from '../../src/bindings/Job';
import type { Operation } from '../../src/bindings/Operation';
import type { UpdateRule } from '../../src/bindings/UpdateRule';
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

function open(vmid: number, tab: GuestTab = 'updates'): Scene {
  return {
    before: loads,
    after: () => {
      focus(g(vmid), { open: new Set([...useTreeView.getState().open, g(100)]) });
      usePanel.setState({ tab });
      openPanel(true);
    },
  };
}

function place(key: string, tab: 'details' | 'log' = 'details', before?: Scene['before']): Scene {
  return {
    before: (host) => {
      loads();
      before?.(host);
    },
    after: () => {
      usePanel.setState({ clusterTab: tab });
      focus(key);
      openPanel(true);
    },
  };
}

/** Much is approved and set aside, in small and in large numbers. */
function marked(host: MemoryHost): void {
  loads();
  const aside = (counts: UpdateCounts, ignored: number): UpdateCounts => ({ ...counts, ignored });
  const parts: Record<number, Partial<GuestRow>> = {
    100: { approved: 2 }, 101: { updates: { kind: 'upToDate', blocked: 0, ignored: 12 } as UpdateState }, 200: { approved: 3, updates: { kind: 'updates', counts: { total: 12, security: 2, blocked: 1, ignored: 2 } } },
    201: { updates: { kind: 'upToDate', blocked: 0, ignored: 5 } as UpdateState }, 203: { approved: 148, updates: { kind: 'updates', counts: { total: 1148, security: 112, blocked: 2, ignored: 1020 } } },
  };
  const fleet = {
    ...FLEET,
    guests: FLEET.guests.map((row) => ({ ...row, ...parts[row.vmid] })),
    clusters: FLEET.clusters.map((row) => ({ ...row, updates: aside(row.updates, row.id === C1 ? 1039 : 0) })),
    nodes: FLEET.nodes.map((row) => ({ ...row, updates: aside(row.updates, row.key.node === 'pve2' ? 1027 : row.key.node === 'pve1' ? 12 : 0) })),
  };
  host.answers.snapshot = () => ({ seq: 10, fleet, operations: [] });
}

/** Images in every state, and figures of all lengths. */
function everyImage(host: MemoryHost): void {
  loads();
  const figures: Record<number, GuestRow['images']> = { 100: { total: 9, updates: 1, unclear: 6 }, 101: { total: 24, updates: 12, unclear: 11 }, 102: { total: 2, updates: 0, unclear: 0 }, 103: { total: 3, updates: 0, unclear: 3 }, 203: { total: 0, updates: 0, unclear: 0 }, 204: { total: 14, updates: 0, unclear: 0 } };
  host.answers.snapshot = () => ({ seq: 10, fleet: { ...FLEET, guests: FLEET.guests.map((row) => ({ ...row, images: figures[row.vmid] ?? row.images })) }, operations: [] });
  host.answers.guest_details = ({ guest }) => {
    const all = details(Number(guest.slice(-12)));
    return all.inventory === null ? all : { ...all, inventory: { ...all.inventory, docker: EVERY.docker }, images: EVERY.images };
  };
}

function imagesView(more: () => void, before?: Scene['before']): Scene {
  return { before: (host) => { loads(); before?.(host); }, after: () => { go({ view: 'images' }); more(); } };
}

function registryDialog(task: 'change' | 'login'): Scene {
  return imagesView(() => {
    setTimeout(() => press('images-part-registries'), 300);
    setTimeout(() => press('more-registry.lan:5000'), 1000);
    setTimeout(() => press(`action-registry-${task}`), 1300);
  });
}

const chooses = (id: string) => { setTimeout(() => press(`action-${id}`), 300); };

/** The first cluster in another state, with its guests greyed. */
function linked(link: Link): Scene['before'] {
  return (host) => {
    const fleet = {
      ...FLEET,
      clusters: FLEET.clusters.map((row) => (row.id === C1 ? { ...row, link, quorate: null, updates: row.oldUpdates, oldUpdates: row.updates, checkedAt: NOW - 9e6 } : row)),
      nodes: FLEET.nodes.map((row) => (row.key.cluster === C1 ? { ...row, link, updates: row.oldUpdates, oldUpdates: row.updates, checkedAt: NOW - 9e6 } : row)),
      guests: FLEET.guests.map((row) => (row.cluster === C1 ? { ...row, old: true } : row)),
    };
    host.answers.snapshot = () => ({ seq: 10, fleet, operations: [] });
  };
}

const dialog = (task: Parameters<typeof openDialog>[0], more?: () => void): Scene => ({
  before: loads,
  after: () => {
    focus(`cluster:${C1}`);
    openDialog(task, C1);
    if (more !== undefined) setTimeout(more, 300);
  },
});

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

/** One operation over these jobs, opened. */
function over(kind: Operation['kind'], jobs: Job[], part: Partial<Operation>, more?: () => void): Scene {
  const shown = operation(1490, kind, 'Homelab Cluster 1', countsOf(jobs), part);
  return {
    before: (host) => {
      const before = host.answers.snapshot;
      host.answers.snapshot = async (request) => ({ ...(await before(request)), operations: [shown] });
      host.answers.operation_details = () => ({ operation: shown, jobs, ...PLANNED });
    },
    after: () => {
      go({ view: 'operation', id: shown.id, job: null });
      if (more !== undefined) setTimeout(more, 300);
    },
  };
}

const press = (testId: string) => document.querySelector<HTMLElement>(`[data-testid="${testId}"]`)?.click();
const agents = (kind: 'enrol' | 'restartAgent' | 'removeAgent', more?: () => void): Scene => ({
  before: loads,
  after: () => void makePlan({ kind, targets: [{ kind: 'fleet' }], only: { kind: 'all' } }).then(() => setTimeout(() => more?.(), 100)),
});
const RUNNING: Job[] = manyJobs(43).map((one, i) => (i < 24 ? one : i < 28 ? job(5000 + i, 'enrol', 'running', ['running', i === 25 ? 'started' : null, ...(i % 2 === 0 ? ['1.8 of 2.9 MB'] : ['2.9 MB', null, 'systemd unit'])], { name: one.name, node: one.node, percent: 40 }) : { ...job(5000 + i, 'enrol', 'waiting', [null]), name: one.name, node: one.node }));

/** A thousand jobs, and fifty of them moving ten times: the time until each is laid out, in the page's title. */
function measureJobs(host: MemoryHost, jobs: readonly Job[]): void {
  const times: number[] = [];
  const round = (n: number): void => {
    if (n === 10) {
      document.title = `rows ${document.querySelectorAll('.jobs .job').length} worst ${times.toSorted((a, b) => b - a)[0]?.toFixed(1)}`;
      console.log(document.title);
      return;
    }
    jobs.slice(0, 50).forEach((one, i) => host.send({ kind: 'job', operation: 'o-1490', job: { ...one, state: (i + n) % 2 === 0 ? 'running' : 'succeeded', endedAt: null } }));
    const began = performance.now();
    requestAnimationFrame(() => setTimeout(() => {
      document.body.getBoundingClientRect();
      times.push(performance.now() - began);
      round(n + 1);
    }));
  };
  round(0);
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
  cluster: place(`cluster:${C1}`),
  'cluster-log': place(`cluster:${C1}`, 'log'),
  'cluster-off': place(`cluster:${C1}`, 'details', linked({ kind: 'disabled' })),
  'cluster-refused': place(`cluster:${C1}`, 'details', (host) => {
    linked({ kind: 'refused', error: 'Proxmox refuses the token redflag@pve!desktop: 401 authentication failure' })?.(host);
    host.answers.cluster_details = ({ cluster }) => clusterDetails(cluster, { token: { id: 'redflag@pve!desktop', enteredAt: NOW - 400 * 864e5, expiresAt: NOW + 12 * 864e5, rotate: true } });
  }),
  'cluster-changed': place(`cluster:${C1}`, 'details', linked({ kind: 'certificateChanged', error: 'pve1 shows 4A:B1:F5:38:EE:96:0B:4A:73:D1:8C:2F:50:B6:19:E7:A8:03:5D:94:CC:27:E0:6B:1F:88:42:D3:7A:91:0E:5C' })),
  'cluster-menu': { before: loads, after: () => { focus(`cluster:${C1}`); openMenu({ x: 352, y: 130 }); } },
  'node-full': place(`node:${C1}/pve2`, 'details', (host) => { host.answers.node_details = ({ node }) => nodeDetails(node, { facts: { ...NODE_FACTS, repositories: 'enterpriseWithoutSubscription', problems: ['subscription: 403 Permission check failed (/nodes/pve2, Sys.Audit)'] } }); }),
  'node-down': place(`node:${C2}/pve4`),
  images: open(100, 'images'),
  'images-all': { ...open(100, 'images'), before: everyImage },
  'images-fleet': imagesView(() => { setTimeout(() => press('fleet-image-nginx:latest'), 900); setTimeout(() => press('fleet-image-gluetun:v3'), 1000); setTimeout(() => press('fleet-image-paperless-ngx:2'), 1100); setTimeout(() => press('fleet-image-redis:7.4'), 1200); setTimeout(() => press('fleet-image-grafana/grafana:11.3.0'), 1300); }),
  'images-on-demand': imagesView(() => undefined, (host) => { host.answers.images = () => ({ ...FLEET_IMAGES, everyHours: 0 }); }),
  'images-none': imagesView(() => undefined, (host) => { host.answers.images = () => ({ images: [], registries: [], everyHours: 6 }); }),
  registries: imagesView(() => setTimeout(() => press('images-part-registries'), 300)),
  'registry-menu': imagesView(() => { setTimeout(() => press('images-part-registries'), 300); setTimeout(() => press('more-docker.io'), 1200); }),
  'registry-change': registryDialog('change'),
  'registry-login': registryDialog('login'),
  'registry-found': imagesView(() => { setTimeout(() => press('images-part-registries'), 300); setTimeout(() => press('registry-find'), 1200); }),
  settings: open(200, 'settings'),
  'settings-old': { ...open(310, 'settings'), before: (host) => { loads(); host.answers.guest_settings = () => ({ facts: { ...GUEST_FACTS, hostname: 'jellyfin', snapshot: { kind: 'possible' } }, at: NOW - 3 * 3_600_000, problem: '595 No route to host' }); } },
  agent: {
    ...open(200, 'agent'),
    before: (host) => {
      loads();
      const guests = FLEET.guests.map((one) => (one.vmid === 200 ? { ...one, agent: { kind: 'online' as const, version: '0.1.0', since: NOW, older: false, via: 'pve2' } } : one));
      host.answers.snapshot = () => ({ seq: 10, fleet: { ...FLEET, guests }, operations: [] });
      host.answers.try_way = () => ({
        endpoints: ['192.168.1.5:47100'], open: false,
        problem: { what: 'A firewall between nextcloud and pve2 drops connections to this computer: pve2 reaches 192.168.1.5:47100, nextcloud does not', words: 'from nextcloud: 192.168.1.5:47100 is silent (nothing came back within 3 s); from pve2: 192.168.1.5:47100 answers', next: 'nextcloud is in VLAN 30: allow TCP to 192.168.1.5:47100 on the router between the VLANs. If it does, look at the firewall inside nextcloud.' },
      });
      setTimeout(() => press('way-try'), 1200);
    },
  },
  test: dialog('test'),
  edit: dialog('edit'),
  rotate: dialog('rotate'),
  compare: dialog('compare'),
  remove: dialog('remove'),
  login: wizard('token', { secret: null, way: 'made' }),
  made: wizard('token', { secret: null, way: 'made', tokenId: CREATED.tokenId, made: CREATED.done }),
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
  'plan-images': { before: loads, after: () => void makePlan({ kind: 'updateImages', targets: [{ kind: 'fleet' }], only: { kind: 'all' } }) },
  'plan-beside': {
    before: (host) => { loads(); host.answers.make_plan = ({ only }) => nginxPlan(only, ['ghcr.io/paperless-ngx/paperless-ngx:2.13', 'redis:7.4']); },
    after: () => void makePlan({ kind: 'updateImages', targets: [{ kind: 'fleet' }], only: { kind: 'images', names: ['nginx:latest'], projects: false } }),
  },
  'history-images': { ...open(100, 'history'), before: (host) => { loads(); host.answers.guest_details = ({ guest }) => ({ ...details(Number(guest.slice(-12))), receipts: Object.values(IMAGE_RECEIPTS).toReversed() }); setTimeout(() => press('history-1491'), 1200); } },
  making: { before: (host) => { loads(); host.answers.make_plan = () => new Promise(() => undefined); }, after: (host) => { void makePlan({ kind: 'update', targets: [{ kind: 'fleet' }], only: { kind: 'all' } }); host.send({ kind: 'planProgress', answered: 3, of: 5 }); } },
  enrol: { before: loads, after: () => void makePlan({ kind: 'enrol', targets: [{ kind: 'fleet' }], only: { kind: 'all' } }) },
  operation: { before: loads, after: () => go({ view: 'operation', id: 'o-1483', job: null }) },
  operations: { before: loads, after: () => go({ view: 'operations' }) },
  empty: { before: (host) => { host.answers.snapshot = () => ({ seq: 10, fleet: { clusters: [], nodes: [], guests: [], totals: { ...FLEET.totals, clusters: 0 } }, operations: [] }); } },
  passphrase: { before: (host) => { host.answers.app_info = () => ({ version: '0.1.0', dataDir: '/d', keyStorage: 'passphraseToChoose', demo: false }); } },
  'plan-agents': agents('enrol'),
  'plan-agents-allowed': agents('enrol', () => { press('plan-allow-start'); setTimeout(() => press('plan-guest-102'), 200); }),
  'plan-restart': agents('restartAgent'),
  'plan-remove-agent': agents('removeAgent'),
  'operation-many': over('enrol', RUNNING, { percent: 58 }),
  'operation-ended': over('enrol', manyJobs(43), { endedAt: NOW - 5000, beganAt: NOW - 197_000, plan: '5c0e-917a' }),
  'operation-filtered': over('enrol', manyJobs(1000), { endedAt: NOW - 5000, beganAt: NOW - 897_000, plan: '5c0e-917a' }, () => press('count-failed')),
  'operation-thousand': (() => {
    const jobs = manyJobs(1000);
    const scene = over('enrol', jobs, {});
    return { before: scene.before, after: (host: MemoryHost) => { scene.after?.(host); setTimeout(() => measureJobs(host, jobs), 800); } } as Scene;
  })(),
  approvals: {
    ...open(200),
    before: (host) => {
      loads();
      host.answers.guest_details = ({ guest }) => ({ ...details(Number(guest.slice(-12))), approvals: APPROVALS.filter((one) => one.guest === guest), rules: guest === guestId(200) ? APPLIED : [] });
      setTimeout(() => press('more-tzdata'), 1200);
    },
  },
  marked: { before: marked },
  'marked-panel': { ...open(200), before: marked },
  'marked-node': place(`node:${C1}/pve2`, 'details', marked),
  'marked-aside': { ...open(201), before: (host) => { marked(host); host.answers.guest_details = () => ({ ...details(200), rules: [{ package: null, rule: { ...(RULES[2] as UpdateRule), scopeName: 'pve2' } }] }); } },
  'set-aside': { before: marked, after: () => { focus(g(200)); openMenu({ x: 352, y: 190 }); chooses('set-aside'); } },
  'by-severity': { before: marked, after: () => { focus(`cluster:${C1}`); openMenu({ x: 352, y: 130 }); chooses('by-severity'); } },
  'updates-section': { after: () => { go({ view: 'updates' }); setTimeout(() => press('updates-by-severity'), 300); setTimeout(() => press('more-section-high'), 1200); } },
  changelog: { before: loads, after: () => openChangelog({ guest: guestId(200), name: 'nextcloud', package: 'openssl' }) },
  'updates-fleet': { after: () => { go({ view: 'updates' }); setTimeout(() => press('group-tzdata'), 900); setTimeout(() => press('group-openssl'), 1000); } },
  'updates-severity': { after: () => { go({ view: 'updates' }); setTimeout(() => press('updates-by-severity'), 300); setTimeout(() => press('more-grafana'), 1200); } },
  'updates-approved': { after: () => { go({ view: 'updates' }); setTimeout(() => press('updates-part-approved'), 300); } },
  'updates-rules': { after: () => { go({ view: 'updates' }); setTimeout(() => press('updates-part-rules'), 300); } },
  'updates-many': { before: (host) => { host.answers.fleet_updates = manyGroups; }, after: () => go({ view: 'updates' }) },
  receipts: { after: () => { go({ view: 'history' }); setTimeout(() => press('receipt-row-1461'), 400); } },
  'plan-approved': {
    before: (host) => {
      loads();
      host.answers.make_plan = () => ({ ...PLAN, canary: true, unrated: 2, guests: PLAN.guests.map((one) => (one.vmid === 200 && one.work.kind === 'update' ? { ...one, work: { ...one.work, moved: ['openssl 3.0.16-1~deb12u1 is offered now, approved was 3.0.15-1~deb12u1', 'libsodium23 would be added'] } } : one)) });
    },
    after: () => void makePlan({ kind: 'update', targets: [{ kind: 'fleet' }], only: { kind: 'approved' } }),
  },
  audit: { after: () => { go({ view: 'audit' }); setTimeout(() => document.querySelectorAll<HTMLElement>('.act-open')[3]?.click(), 400); } },
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
  ways: {
    before: (host) => {
      host.answers.access_setup = () => ({ lines: "command -v sudo >/dev/null || apt-get install -y sudo\nid redflag >/dev/null 2>&1 || useradd --create-home --shell /bin/sh redflag\ninstall -d -m 0700 -o redflag -g redflag /home/redflag/.ssh" });
      useWizard.setState({ ...freshWizard(), step: 'access', only: 'access', node: 'pve1', cluster: C1 });
      go({ view: 'wizard' });
    },
    after: () => {
      setTimeout(() => press('wizard-access-pve1-anew'), 300);
      setTimeout(() => press('wizard-access-pve1-more'), 500);
      setTimeout(() => press('wizard-access-pve1-enter-sudo'), 700);
    },
  },
  paste: { before: loads, after: () => void openPaste([{ kind: 'cluster', cluster: C1 }]) },
  discover: wizard('discover'),
  big: {
    before: (host) => {
      host.answers.snapshot = () => ({ seq: 10, fleet: bigFleet(), operations: [] });
    },
    after: measure,
  },
};

