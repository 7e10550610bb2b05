// What the scenes of the gallery are set with.
import type { GuestRow } from '../../src/bindings/GuestRow';
import type { Link } from '../../src/bindings/Link';
import type { UpdateCounts } from '../../src/bindings/UpdateCounts';
import type { UpdateState } from '../../src/bindings/UpdateState';
import { flushSync } from 'react-dom';
import { rememberLoad } from '../../src/live/cpu';
import { showChanges } from '../../src/live/store';
import { type GuestTab, openPanel, usePanel } from '../../src/panel/state';
import { makePlan } from '../../src/plan/state';
import { go } from '../../src/app/place';
import { summon, useTreeView } from '../../src/tree/view';
import { freshWizard, type StepName, useWizard, type Wizard } from '../../src/wizard/state';
import { openDialog } from '../../src/clusters/state';
import { SETTINGS_PAGES } from '../../src/app/place';
import { bigFleet, C1, FLEET, guestId, NOW } from '../fixtures/fleet';
import { EVERY } from '../fixtures/images';
import { countsOf, details, job, manyJobs, operation, PLANNED } from '../fixtures/work';
import type { Grouping } from '../../src/bindings/Grouping';
import type { Preferences } from '../../src/bindings/Preferences';
import type { SavedView } from '../../src/bindings/SavedView';
import { USUAL_PREFERENCES } from '../fixtures/preferences';
import type { Job } from '../../src/bindings/Job';
import type { Operation } from '../../src/bindings/Operation';
import { type MemoryHost, PRINT } from '../host';
export interface Scene {
  before?: (host: MemoryHost) => void;
  after?: (host: MemoryHost) => void;
}

export const focus = (key: string, more: object = {}) => {
  useTreeView.setState({ focus: key, ...more });
  summon();
};
/** The tree in a grouping, with saved filters in the side bar; `more` happens when the lists are read. */
export function grouped(grouping: Grouping, more: () => void = () => undefined, part: Partial<Preferences> = {}, filter = ''): Scene {
  return {
    before: (host) => {
      loads();
      host.answers.preferences = () => ({ ...USUAL_PREFERENCES, grouping, views: VIEWS, ...part });
      useTreeView.setState({ filter });
    },
    after: () => { setTimeout(more, 900); },
  };
}

const VIEWS: SavedView[] = [{ name: 'Security', filter: 'state:security', grouping: 'hierarchy' }, { name: 'Docker hosts', filter: 'tag:docker', grouping: 'hierarchy' }, { name: 'No agent', filter: 'agent:missing', grouping: 'updateType' }];

/** As a user types: React listens to the setter of the element itself. */
export function types(text: string): void {
  const field = document.getElementById('filter') as HTMLInputElement;
  field.focus();
  Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value')?.set?.call(field, text);
  field.dispatchEvent(new Event('input', { bubbles: true }));
}

export const g = (vmid: number) => `guest:${guestId(vmid)}`;

export function loads(): void {
  for (const row of FLEET.guests) for (let i = 0; i < 12; i++) if (row.cpu !== null) rememberLoad(`guest:${row.id}`, Math.abs(Math.sin(row.vmid * 3 + i * 1.7)) * row.cpu * 1.6);
  for (const row of FLEET.nodes) for (let i = 0; i < 12; i++) if (row.cpu !== null) rememberLoad(`node:${row.key.cluster}/${row.key.node}`, Math.abs(Math.sin(i * 2.1)) * row.cpu * 1.6);
}

export function open(vmid: number, tab: GuestTab = 'updates'): Scene {
  return {
    before: loads,
    after: () => {
      focus(g(vmid), { open: new Set([...useTreeView.getState().open, g(100)]) });
      usePanel.setState({ tab });
      openPanel(true);
    },
  };
}

export function place(key: string, tab: 'details' | 'log' = 'details', before?: Scene['before']): Scene {
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
export function marked(host: MemoryHost): void {
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
export function everyImage(host: MemoryHost): void {
  loads();
  const figures: Record<number, GuestRow['images']> = { 100: { total: 9, updates: 1, unclear: 6 }, 101: { total: 24, updates: 12, unclear: 11 }, 102: { total: 2, updates: 0, unclear: 0 }, 103: { total: 3, updates: 0, unclear: 3 }, 203: { total: 0, updates: 0, unclear: 0 }, 204: { total: 14, updates: 0, unclear: 0 } };
  host.answers.snapshot = () => ({ seq: 10, fleet: { ...FLEET, guests: FLEET.guests.map((row) => ({ ...row, images: figures[row.vmid] ?? row.images })) }, operations: [] });
  host.answers.guest_details = ({ guest }) => {
    const all = details(Number(guest.slice(-12)));
    return all.inventory === null ? all : { ...all, inventory: { ...all.inventory, docker: EVERY.docker }, images: EVERY.images };
  };
}

export function imagesView(more: () => void, before?: Scene['before']): Scene {
  return { before: (host) => { loads(); before?.(host); }, after: () => { go({ view: 'images' }); more(); } };
}

export function registryDialog(task: 'change' | 'login'): Scene {
  return imagesView(() => {
    setTimeout(() => press('images-part-registries'), 300);
    setTimeout(() => press('more-registry.lan:5000'), 1000);
    setTimeout(() => press(`action-registry-${task}`), 1300);
  });
}

export const chooses = (id: string) => { setTimeout(() => press(`action-${id}`), 300); };

/** The first cluster in another state, with its guests greyed. */
export function linked(link: Link): Scene['before'] {
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

export const dialog = (task: Parameters<typeof openDialog>[0], more?: () => void): Scene => ({
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

export function wizard(step: StepName, part: Partial<Wizard> = {}, before?: Scene['before']): Scene {
  return {
    before: (host) => {
      before?.(host);
      useWizard.setState({ ...freshWizard(), step, address: '192.168.1.10', probed, matches: true, pasted: PRINT, secret: { id: 's' }, cluster: C1, ...part });
      go({ view: 'wizard' });
    },
  };
}

/** Ten patches of fifty rows over 10,000: the time until each is laid out, in the page's title. */
export function measure(): void {
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
export function over(kind: Operation['kind'], jobs: Job[], part: Partial<Operation>, more?: () => void): Scene {
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

/** As a user types into a field that React follows. */
export function type(testId: string, text: string): void {
  const field = document.querySelector<HTMLInputElement>(`[data-testid="${testId}"]`);
  if (field === null) return;
  field.focus();
  Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value')?.set?.call(field, text);
  field.dispatchEvent(new InputEvent('input', { bubbles: true, data: text }));
}

export function pointer(testId: string): void {
  const button = document.querySelector<HTMLElement>(`[data-testid="${testId}"]`);
  for (const name of ['pointerdown', 'mousedown', 'pointerup', 'mouseup', 'click']) button?.dispatchEvent(new MouseEvent(name, { bubbles: true, cancelable: true, button: 0, detail: 1 }));
}

export const press = (testId: string) => document.querySelector<HTMLElement>(`[data-testid="${testId}"]`)?.click();
export const agents = (kind: 'enrol' | 'restartAgent' | 'removeAgent' | 'restartGuest', more?: () => void): Scene => ({
  before: loads,
  after: () => void makePlan({ kind, targets: [{ kind: 'fleet' }], only: { kind: 'all' } }).then(() => setTimeout(() => more?.(), 100)),
});
export const RUNNING: Job[] = manyJobs(43).map((one, i) => (i < 24 ? one : i < 28 ? job(5000 + i, 'enrol', 'running', ['running', i === 25 ? 'started' : null, ...(i % 2 === 0 ? ['1.8 of 2.9 MB'] : ['2.9 MB', null, 'systemd unit'])], { name: one.name, node: one.node, percent: 40 }) : { ...job(5000 + i, 'enrol', 'waiting', [null]), name: one.name, node: one.node }));

/** A thousand jobs, and fifty of them moving ten times: the time until each is laid out, in the page's title. */
export function measureJobs(host: MemoryHost, jobs: readonly Job[]): void {
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

/** A page of the settings, with much chosen. */
export const settingsPage = (page: (typeof SETTINGS_PAGES)[number], more: () => void = () => undefined): Scene => ({
  before: (host) => {
    loads();
    host.answers.preferences = () => ({ ...USUAL_PREFERENCES, messages: { ...USUAL_PREFERENCES.messages, quiet: { from: 1350, to: 420 }, muted: [guestId(103), guestId(202)] } });
    host.answers.data_info = () => ({ folder: '/home/ada/.local/share/redflag', bytes: 4_300_000, restore: 'b', backups: [{ name: 'a', at: NOW - 7.2e6, bytes: 4_200_000 }, { name: 'b', at: NOW - 9.36e7, bytes: 4_100_000 }] });
    host.answers.app_info = () => ({ version: '0.1.0', dataDir: '/home/ada/.local/share/redflag', keyStorage: 'passphrase', demo: true, tray: 'missing' });
  },
  after: () => { go({ view: 'settings', page }); setTimeout(more, 400); },
});
