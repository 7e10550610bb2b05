// The scenes of the gallery: how the window is brought into each state.
import { openMenu } from '../../src/actions/menu';
import { openPanel } from '../../src/panel/state';
import { openPaste } from '../../src/paste/state';
import { makePlan } from '../../src/plan/state';
import { go } from '../../src/app/place';
import { removeView } from '../../src/app/saving';
import { useTreeView } from '../../src/tree/view';
import { freshWizard, useWizard } from '../../src/wizard/state';
import { openChangelog } from '../../src/changelog/state';
import { openPalette, openShortcuts } from '../../src/palette/state';
import { SETTINGS_PAGES } from '../../src/app/place';
import { bigFleet, C1, C2, FLEET, guestId, NOW } from '../fixtures/fleet';
import { FLEET_IMAGES } from '../fixtures/registries';
import { IMAGE_RECEIPTS, nginxPlan } from '../fixtures/renewal';
import { clusterDetails, CREATED, GUEST_FACTS, NODE_FACTS, nodeDetails } from '../fixtures/places';
import { APPLIED, APPROVALS, manyGroups, RULES } from '../fixtures/updates';
import { details, manyJobs, PLAN } from '../fixtures/work';
import type { UpdateRule } from '../../src/bindings/UpdateRule';
import { failure, type MemoryHost } from '../host';
import { agents, chooses, dialog, everyImage, focus, g, grouped, imagesView, linked, loads, marked, measure, measureJobs, open, over, place, pointer, press, registryDialog, RUNNING, type Scene, settingsPage, type, types, wizard } from './stage';

export const SCENES: Record<string, Scene> = {
  ...Object.fromEntries(SETTINGS_PAGES.map((page) => [`settings-${page}`, settingsPage(page)])),
  'settings-restore': settingsPage('data', () => press('restore-a')),
  'settings-passphrase': settingsPage('security', () => press('change-passphrase')),
  palette: { before: loads, after: () => { focus(g(200)); openPanel(true); setTimeout(openPalette, 300); } },
  'palette-typed': { before: loads, after: () => { focus(g(200)); setTimeout(openPalette, 300); setTimeout(() => type('palette-field', 'pa'), 800); } },
  shortcuts: { before: loads, after: () => { focus(g(200)); setTimeout(openShortcuts, 300); } },
  'update-menu': { before: loads, after: () => { setTimeout(() => pointer('update-more'), 300); } },
  'main-menu': { before: loads, after: () => { focus(g(200)); setTimeout(() => pointer('main-menu'), 300); setTimeout(() => press('menu-part-view'), 900); } },
  resources: open(200, 'resources'),
  'resources-images': open(100, 'resources'),
  'fleet-contrast': { ...open(200), before: () => { loads(); document.documentElement.dataset['contrast'] = 'high'; } },
  'settings-contrast': { ...settingsPage('notifications'), before: (host) => { settingsPage('notifications').before?.(host); document.documentElement.dataset['contrast'] = 'high'; } },

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
  passphrase: { before: (host) => { host.answers.app_info = () => ({ version: '0.1.0', dataDir: '/d', keyStorage: 'passphraseToChoose', demo: false, tray: 'shown' }); } },
  'plan-agents': agents('enrol'),
  'plan-agents-allowed': agents('enrol', () => { press('plan-allow-start'); setTimeout(() => press('plan-guest-102'), 200); }),
  'plan-restart': agents('restartAgent'),
  'plan-remove-agent': agents('removeAgent'),
  'plan-restart-guest': agents('restartGuest'),
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
  'tree-types': grouped('updateType', () => { focus('group:apt', { open: new Set([...useTreeView.getState().open, `group:apt/${g(200)}`]) }); }),
  'tree-severity': grouped('severity', () => { useTreeView.setState({ open: new Set([...useTreeView.getState().open, `group:securityUnrated/${g(200)}`]) }); focus('group:high'); openMenu({ x: 352, y: 190 }); }),
  'tree-packages': grouped('package', () => { const first = document.querySelector<HTMLElement>('.row.group'); if (first !== null) focus(first.dataset['key'] ?? '', { open: new Set([first.dataset['key'] ?? '']) }); }),
  'tree-group-panel': grouped('severity', () => { focus('group:securityUnrated'); openPanel(true); }),
  'tree-leaf': grouped('hierarchy', () => { const leaf = `package:${guestId(200)}/imagemagick:amd64`; focus(g(200), { open: new Set([...useTreeView.getState().open, g(200)]) }); setTimeout(() => { focus(leaf); openMenu({ x: 352, y: 300 }); }, 500); }),
  'tree-inside': grouped('severity', () => { focus(`group:high/${g(300)}`); openPanel(true); setTimeout(() => openMenu({ x: 352, y: 190 }), 500); }),
  'tree-undo': grouped('hierarchy', () => removeView('Docker hosts')),
  'tree-tokens': grouped('hierarchy', () => { focus(g(200), { ticked: new Set([100, 101, 200].map(g)) }); }, {}, 'tag:prod state:running'),
  'tree-suggest': grouped('hierarchy', () => types('state:'), {}, 'tag:prod'),
  'tree-wrong': grouped('hierarchy', () => types('state:foo')),
  'tree-columns': grouped('hierarchy', () => { focus(g(100), { open: new Set([...useTreeView.getState().open, g(100)]) }); press('columns'); }, { hidden: ['images', 'uptime', 'cpu'] }),
  'tree-save': grouped('hierarchy', () => press('filter-save'), {}, 'tag:prod state:running'),
  'tree-reading': { ...grouped('severity'), before: (host) => { grouped('severity').before?.(host); host.answers.fleet_updates = () => { throw failure('internal', 'The updates cannot be read.', 'database is locked'); }; } },
  'tree-big': { ...grouped('updateType'), before: (host) => { grouped('updateType').before?.(host); host.answers.snapshot = () => ({ seq: 10, fleet: bigFleet(), operations: [] }); }, after: measure },
  big: {
    before: (host) => {
      host.answers.snapshot = () => ({ seq: 10, fleet: bigFleet(), operations: [] });
    },
    after: measure,
  },
};

