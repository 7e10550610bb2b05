// Container images: in the panel of an LXC, in the cells of the tree, and as leaves below an opened LXC.
import { screen, waitFor, within } from '@testing-library/react';
import { describe, expect, it } from 'vitest';
import type { GuestRow } from '../src/bindings/GuestRow';
import type { ImageCounts } from '../src/bindings/ImageCounts';
import type { ImageState } from '../src/bindings/ImageState';
import { rowOf } from '../src/actions/scope';
import { fromSnapshot } from '../src/live/fleet';
import { imagesBelow } from '../src/live/images';
import { beforeOf, digestInUse, familiar, imagesOf, saidOf, whyOf } from '../src/panel/images';
import { leavesOf } from '../src/panel/packages';
import { flatten } from '../src/tree/rows';
import { bigFleet, C1, C2, FLEET, guest, guestId, NOW } from './fixtures/fleet';
import { container, containerId, digest, EVERY, type Found, found, inUse, NEWER, PODMAN, SOCKET, UNASKED } from './fixtures/images';
import { details } from './fixtures/work';
import type { MemoryHost } from './host';
import { frame, open, row } from './open';

const HOUR = 3_600_000;

/** Of nextcloud; the others stay as they are. */
const withImages = (images: ImageCounts | null, part: Partial<GuestRow> = {}, what: Found = EVERY) => (host: MemoryHost) => {
  const guests = FLEET.guests.map((one) => (one.vmid === 200 ? { ...one, images, ...part } : one));
  host.answers.snapshot = () => ({ seq: 10, fleet: { ...FLEET, guests }, operations: [] });
  host.answers.guest_details = ({ guest }) => {
    const all = details(Number(guest.slice(-12)));
    return guest === guestId(200) && all.inventory !== null ? { ...all, inventory: { ...all.inventory, docker: what.docker }, images: what.images } : all;
  };
};
const SOME: ImageCounts = { total: 9, updates: 1, unclear: 6 };

async function openTab(part: Partial<GuestRow> = {}, what: Found = EVERY) {
  const opened = await open(withImages(SOME, part, what));
  await opened.user.click(row('nextcloud'));
  await opened.user.click(screen.getByTestId('tab-images'));
  await screen.findByTestId(`engine-${SOCKET}`);
  return opened;
}
const item = (image: string) => screen.getByTestId(`image-${image}`);

describe('the images in the panel', () => {
  it('are a tab between updates and history, only where there is a container engine', async () => {
    const { user } = await open();
    await user.click(row('ubuntu-docker-01'));
    const tabs = within(screen.getByTestId('panel')).getAllByRole('tab').map((tab) => tab.textContent);
    expect(tabs.slice(0, 3)).toEqual(['Updates2', 'Images1', 'History']);
    await user.click(screen.getByTestId('tab-images'));
    expect((await screen.findByTestId('image-nginx:latest')).dataset['state']).toBe('update');
    expect(screen.getByTestId(`engine-${SOCKET}`).textContent).toContain('Docker 28.0.1');
    // A socket is of interest only beside another.
    expect(screen.getByTestId(`engine-${SOCKET}`).textContent).not.toContain(SOCKET);
    await user.click(row('monitoring'));
    expect(screen.getByTestId('tab-images').textContent).toBe('Images');
    await user.click(row('mariadb'));
    expect(screen.queryByTestId('tab-images')).toBeNull();
    expect(screen.getByTestId('tab-updates').getAttribute('aria-selected')).toBe('true');
    expect(screen.getByTestId('standing').textContent).toBe('Up to date');
  });

  it.each<[string, string, string[]]>([
    ['redis:7.4', 'current', ['Up to date', 'Checked 3 h ago']],
    ['nginx:latest', 'update', ['New digest', '4e1d30c7b9aa', '9b2e4d17a0c8', 'Checked 3 h ago']],
    [`postgres:17@${digest('77c0d2aa1b2c')}`, 'pinned', ['postgres:17@sha256:77c0d2aa1b2c…', 'Pinned by digest', 'Its tag names another image by now']],
    ['me/app:dev', 'local', ['Local', 'It never came from a registry']],
    ['linuxserver/sonarr:4', 'gone', ['Gone', 'The registry does not have it any more', 'manifest unknown', 'Last answer 3 h ago']],
    ['ghcr.io/me/private:1', 'noAccess', ['No access', 'credentials', 'denied: requested access']],
    ['gluetun:v3', 'rateLimited', ['Rate limited', 'answers nobody until', 'before: new digest 9b2e4d17a0c8', 'Last answer 3 h ago']],
    ['registry.lan:5000/tool:2', 'unknown', ['Unknown', 'registry.lan:5000 does not answer', 'before: up to date', 'Last answer 3 h ago']],
    ['alpine:3.19', 'unasked', ['Not checked yet']],
  ])('say how %s stands: %s', async (image, state, said) => {
    await openTab();
    expect(item(image).dataset['state']).toBe(state);
    for (const part of said) expect(item(image).textContent).toContain(part);
    // Only what a registry confirmed is good news.
    expect(within(item(image)).queryByText('Up to date') !== null).toBe(state === 'current');
  });

  it('have no time and no reason where nobody has asked yet', async () => {
    await openTab();
    expect(item('alpine:3.19').textContent).toBe('alpine:3.19Not checked yet');
  });

  it('name their containers: state, health, owner, network', async () => {
    await openTab();
    const line = (name: string) => screen.getByTestId(`container-${name}`).textContent;
    expect(line('web')).toBe('webHealthyRunningcompose project media / web');
    expect(line('sonarr')).toBe('sonarrUnhealthyRunningcompose project media, kept by Portainer · uses the network of vpn');
    expect(line('vpn')).toBe('vpnStartingRunning');
    expect(line('job')).toBe('jobExited');
    expect(line('site')).toBe('siteRunningSwarm service site');
  });

  it('name the container of a shared network, which Docker names by its id', async () => {
    const shared = found([container('vpn', 'nginx:latest'), container('web', 'nginx:latest', { networkOf: containerId('vpn') }), container('gone', 'nginx:latest', { networkOf: digest('abc123abc123').slice(7) })]);
    await openTab({}, { docker: [shared], images: [inUse('nginx:latest', { kind: 'current' }, { containers: ['gone', 'vpn', 'web'] })] });
    expect(screen.getByTestId('container-web').textContent).toContain('uses the network of vpn');
    expect(screen.getByTestId('container-gone').textContent).toContain('uses the network of abc123abc123');
  });

  it('stand engine by engine, what can be updated first, and an engine that failed says why', async () => {
    await openTab();
    const docker = screen.getByTestId(`engine-${SOCKET}`);
    expect(docker.textContent).toContain(SOCKET);
    expect(within(docker).getAllByTestId(/^image-/).map((one) => one.dataset['state'])).toEqual(['update', 'gone', 'noAccess', 'rateLimited', 'unknown', 'unasked', 'current', 'pinned', 'local']);
    const problem = within(screen.getByTestId(`engine-${PODMAN}`)).getByTestId('engine-problem');
    expect(problem.textContent).toContain(PODMAN);
    expect(problem.textContent).toContain('permission denied');
    expect(problem.getAttribute('role')).toBe('alert');
  });

  it('of Podman are named so, and an engine without containers says it', async () => {
    await openTab({}, { docker: [found([]), found([], { socket: PODMAN, podman: true, version: '5.4.2' })], images: [] });
    expect(screen.getByTestId(`engine-${PODMAN}`).textContent).toContain('Podman 5.4.2');
    expect(screen.getByTestId(`engine-${SOCKET}`).textContent).toContain('It has no containers.');
  });

  it.each<[string, Partial<GuestRow>, string]>([
    ['is stopped', { power: 'stopped', agent: { kind: 'off', lastSeen: NOW } }, 'It does not run.'],
    ['has not reported lately', { updates: { kind: 'stale', since: NOW - HOUR, counts: { total: 0, security: 0, blocked: 0, ignored: 0 } } }, 'The agent has not reported since.'],
    ['has an agent that is silent', { agent: { kind: 'offline', lastSeen: NOW, trouble: null }, updates: { kind: 'unsupported', reason: 'Alpine' } }, 'Its agent does not answer.'],
  ])('of an LXC that %s are those of another time', async (_, part, why) => {
    await openTab(part);
    expect(screen.getByTestId('images-past').textContent).toContain(why);
    expect(item('redis:7.4').textContent).toContain('Was up to date');
    expect(screen.getByTestId('container-job').textContent).toContain('Was exited');
    expect(item('nginx:latest').querySelector('.status.info')).toBeNull();
  });

  it('of a node that does not answer are greyed with the reason of the panel', async () => {
    await openTab({ old: true });
    expect(screen.getByTestId('guest-old')).toBeTruthy();
    expect(screen.queryByTestId('images-past')).toBeNull();
    expect(item('redis:7.4').textContent).toContain('Was up to date');
  });

  it('are read again when the figures of the row move', async () => {
    const { host } = await openTab();
    const before = host.requests('guest_details').length;
    const now = { ...FLEET.guests.find(({ vmid }) => vmid === 200), images: { ...SOME, unclear: 5 } } as GuestRow;
    host.send({ kind: 'fleet', patch: { clusters: [], nodes: [], guests: [now], goneClusters: [], goneNodes: [], goneGuests: [], totals: null } });
    await waitFor(() => expect(host.requests('guest_details').length).toBe(before + 1));
  });
});

describe('the words of an image', () => {
  it.each([
    ['docker.io/library/nginx:latest', 'nginx:latest'],
    ['docker.io/linuxserver/sonarr:4', 'linuxserver/sonarr:4'],
    ['ghcr.io/me/app:1', 'ghcr.io/me/app:1'],
    [digest('3f8a91c05d27'), '3f8a91c05d27'],
    [`nginx@${digest('3f8a91c05d27')}`, 'nginx@sha256:3f8a91c05d27…'],
  ])('%s is written %s', (image, shown) => expect(familiar(image)).toBe(shown));

  it('never make good news of what nobody could say', () => {
    const last: ImageState = { kind: 'current' };
    const unsure: ImageState[] = [{ kind: 'gone', words: '' }, { kind: 'noAccess', words: '' }, { kind: 'rateLimited', until: null, last }, { kind: 'unknown', reason: 'x', last }, UNASKED];
    for (const state of unsure) expect(saidOf(state, false)).not.toMatchObject({ tone: 'ok' });
    expect(whyOf({ kind: 'rateLimited', until: null, last }, NOW)).toBe('The registry answers nobody for a while');
    expect(beforeOf({ kind: 'rateLimited', until: null, last: null })).toBeNull();
  });
});

const cell = (name: string) => {
  const found = row(name).querySelector<HTMLElement>('.images');
  if (found === null) throw new Error(`no cell of ${name}`);
  return found;
};

describe('the images in the tree', () => {
  it('have a column beside the updates, in all rows', async () => {
    await open();
    const heads = screen.getAllByRole('columnheader').map((head) => head.textContent);
    expect(heads.slice(3, 6)).toEqual(['Updates', 'Images', 'Agent']);
    expect(screen.getByTestId('tree').getAttribute('aria-colcount')).toBe(String(heads.length));
    for (const name of ['Homelab Cluster 1', 'pve1', 'ubuntu-docker-01', 'mariadb']) expect(row(name).querySelectorAll('[role=gridcell], [role=rowheader]')).toHaveLength(heads.length);
  });

  it.each<[string, ImageCounts | null, Partial<GuestRow>, string, string | null]>([
    ['a dash without an engine', null, {}, '–', null],
    ['the updates', { total: 5, updates: 2, unclear: 0 }, {}, '2 of 5 have a new digest', '2 of 5 images have a new digest'],
    ['what is unclear, and never 0 of 5 beside it', { total: 5, updates: 0, unclear: 3 }, {}, '3 unclear', '3 unclear: not checked yet, or nobody could say'],
    ['both', { total: 5, updates: 1, unclear: 3 }, {}, '1 of 5 have a new digest3 unclear', '1 of 5 images has a new digest · 3 unclear: not checked yet, or nobody could say'],
    ['an engine that failed', { total: 0, updates: 0, unclear: 1 }, {}, '1 unclear', '1 unclear: not checked yet, or nobody could say'],
    ['that all is well', { total: 5, updates: 0, unclear: 0 }, {}, '0 of 5 have a new digest', '5 images: up to date, pinned or local'],
    ['that all was well', { total: 5, updates: 0, unclear: 0 }, { old: true }, '0 of 5 had a new digest', 'Known from an earlier time only: 5 images: up to date, pinned or local'],
    ['that none is in use', { total: 0, updates: 0, unclear: 0 }, {}, '–', 'No images in use'],
  ])('say %s', async (_, images, part, shown, title) => {
    await open(withImages(images, part));
    expect(cell('nextcloud').textContent).toBe(shown);
    expect(cell('nextcloud').getAttribute('title')).toBe(title);
  });

  it('of another time are greyed in the row of a silent agent too', async () => {
    await open(withImages({ total: 5, updates: 1, unclear: 0 }, { agent: { kind: 'offline', lastSeen: NOW, trouble: null } }));
    expect(cell('nextcloud').querySelectorAll('.past')).toHaveLength(2);
    expect(cell('ubuntu-docker-01').querySelector('.past')).toBeNull();
  });

  it('are summed for nodes and clusters, those of another time beside the sum', async () => {
    const { host } = await open(withImages({ total: 5, updates: 2, unclear: 1 }));
    expect(cell('pve1').textContent).toBe('1 update');
    expect(cell('pve2').textContent).toBe('2 updates1 unclear');
    expect(cell('Homelab Cluster 1').textContent).toBe('3 updates1 unclear');
    expect(cell('Homelab Cluster 1').title).toContain('3 of 7 images have a new digest');
    expect(screen.getByTestId('view-images').textContent).toBe('Images3');
    // All is well in one node, and what the other holds is of an earlier time.
    expect(cell('pve3').textContent).toBe('–');
    expect(cell('pve4').textContent).toBe('1 update');
    expect(cell('pve4').querySelector('.past')).toBeTruthy();
    expect(cell('Homelab Cluster 2').querySelector('.past')).toBeTruthy();
    const now = guest(C2, 'pve3', 300, 'monitoring', { images: { total: 3, updates: 2, unclear: 0 } });
    host.send({ kind: 'fleet', patch: { clusters: [], nodes: [], guests: [now], goneClusters: [], goneNodes: [], goneGuests: [], totals: null } });
    await frame();
    expect(cell('Homelab Cluster 2').textContent).toBe('2 updates+1');
    expect(cell('Homelab Cluster 2').title).toContain('1 update known from an earlier time only');
  });

  it('are summed once for a picture of 10,000, and stay the same object while they are the same', () => {
    const big = fromSnapshot(bigFleet());
    const sums = imagesBelow(big, `cluster:${C1}`);
    expect(sums.now.total).toBe(16_000);
    expect(sums.past.total).toBe(0);
    expect(imagesBelow({ ...big, guests: new Map(big.guests) }, `cluster:${C1}`)).toBe(sums);
    expect(imagesBelow(big, 'node:elsewhere/pve1').now.total).toBe(0);
  });

  it('are leaves beside the packages: those with a new digest, and those of which nobody could say', async () => {
    const { user } = await open(withImages(SOME));
    await user.click(row('nextcloud'));
    await user.keyboard('{ArrowRight}');
    const key = (image: string) => `row-image:${guestId(200)}/${SOCKET}/${image}/${digest('3f8a91c05d27')}`;
    const leaf = await screen.findByTestId(key('nginx:latest'));
    expect(leaf.textContent).toBe('nginx:latest4e1d30c7b9aa9b2e4d17a0c8new digestDocker · web');
    expect(leaf.getAttribute('aria-level')).toBe('4');
    expect(screen.getByTestId(`row-package:${guestId(200)}/openssl:amd64`)).toBeTruthy();
    expect(screen.getByTestId(key('linuxserver/sonarr:4')).textContent).toContain('Gonemanifest unknown');
    expect(screen.getByTestId(key('ghcr.io/me/private:1')).textContent).toContain('No accessdenied');
    expect(screen.getByTestId(key('gluetun:v3')).textContent).toContain('before: new digest 9b2e4d17a0c8');
    expect(screen.getByTestId(key('registry.lan:5000/tool:2')).textContent).toContain('Unknownregistry.lan:5000 does not answer · before: up to date');
    expect(screen.getByTestId(key('alpine:3.19')).textContent).toBe('alpine:3.19Not checked yetDocker');
    for (const quiet of ['redis:7.4', 'me/app:dev', `postgres:17@${digest('77c0d2aa1b2c')}`]) expect(screen.queryByTestId(key(quiet))).toBeNull();
    expect(screen.getByTestId(`row-engine:${guestId(200)}/${PODMAN}`).textContent).toBe(`${PODMAN}No answerpermission deniedContainer engine`);
    // As many as the row counts: one update, five images and an engine that are unclear.
    expect(document.querySelectorAll(`[data-key^="image:${guestId(200)}/"], [data-key^="engine:"]`)).toHaveLength(7);
  });

  it('are walked by the keys and belong to their LXC', async () => {
    const { user } = await open();
    await user.click(row('ubuntu-docker-01'));
    await user.keyboard('{ArrowRight}');
    const leaf = await screen.findByTestId(`row-image:${guestId(100)}/${SOCKET}/nginx:latest/${digest('3f8a91c05d27')}`);
    await user.keyboard('{ArrowDown}{ArrowDown}{ArrowDown}');
    await waitFor(() => expect(document.activeElement).toBe(leaf));
    expect(within(screen.getByTestId('panel')).getByText('ubuntu-docker-01')).toBeTruthy();
    await user.keyboard('{ArrowRight}{ArrowRight}');
    expect(document.activeElement?.textContent).toContain('new digest');
    await user.keyboard('{ArrowLeft}{ArrowLeft}{ArrowLeft}');
    expect(document.activeElement).toBe(row('ubuntu-docker-01'));
    expect(rowOf(leaf.dataset['key'] ?? '')).toBe(`guest:${guestId(100)}`);
  });

  it('have keys of their own across engines, names and contents, and one where two spellings mean one image', () => {
    const newer: ImageState = { kind: 'update', digest: NEWER };
    const images = [
      inUse('nginx:latest', newer, { containers: ['a'] }), inUse('nginx:latest', newer, { containers: ['b'] }),
      inUse('nginx:latest', newer, { imageId: digest('aa') }), inUse('nginx:1', newer), inUse('nginx:latest', newer, { socket: PODMAN }),
    ];
    const docker = [found([]), found([], { socket: PODMAN, podman: true })];
    const all = details(200);
    const held = { ...all, inventory: all.inventory === null ? null : { ...all.inventory, docker }, images };
    const fleet = fromSnapshot(FLEET);
    const opened = new Set([`cluster:${C1}`, `node:${C1}/pve2`, `guest:${guestId(200)}`]);
    const rows = flatten(fleet, opened, null, () => leavesOf({ mark: '', loading: false, details: held, problem: null }));
    const keys = rows.map(({ key }) => key);
    expect(new Set(keys).size).toBe(keys.length);
    expect(keys.filter((key) => key.startsWith('image:'))).toHaveLength(4);
    expect(imagesOf(images, SOCKET)[0]?.containers).toEqual(['a', 'b']);
  });

  it('show the digest in use only where it is known for certain', () => {
    const scan = found([]);
    if (scan.kind !== 'found') throw new Error('it was found');
    const [image] = scan.images;
    const of = (name: string, repoDigests: string[]) => digestInUse(inUse(name, UNASKED), { ...scan, images: image === undefined ? [] : [{ ...image, repoDigests }] });
    expect(of('nginx:latest', [`docker.io/library/nginx@${NEWER}`, `mirror.lan:5000/nginx@${digest('aa')}`])).toBe(NEWER);
    expect(of('registry.lan:5000/tool', [`registry.lan:5000/tool@${NEWER}`])).toBe(NEWER);
    expect(of('nginx:latest', [`nginx@${NEWER}`, `nginx@${digest('aa')}`])).toBeNull();
    expect(of('nginx:latest', [])).toBeNull();
    expect(digestInUse(inUse('nginx:latest', UNASKED), { kind: 'failed', socket: SOCKET, reason: 'x' })).toBeNull();
  });

  it('stand alone where no package is pending, and beside why there is no package list', () => {
    const all = details(100);
    const of = (packages: NonNullable<typeof all.inventory>['packages']) =>
      leavesOf({ mark: '', loading: false, problem: null, details: { ...all, inventory: all.inventory === null ? null : { ...all.inventory, packages } } }).map(({ kind }) => kind);
    expect(of({ kind: 'apt', updates: [], installed: 1, listsAt: NOW, repositories: [], interrupted: null })).toEqual(['image']);
    expect(of({ kind: 'unsupported', reason: 'No apt' })).toEqual(['nothing', 'image']);
    expect(of({ kind: 'failed', reason: 'E: lock' })).toEqual(['problem', 'image']);
  });
});

describe('the update of images', () => {
  it('of one image in one LXC is asked for beside it', async () => {
    const { user, host } = await openTab();
    expect(screen.getAllByTestId(/^renew-/).map((one) => one.dataset['testid'])).toEqual(['renew-nginx:latest']);
    await user.click(screen.getByTestId('renew-nginx:latest'));
    await screen.findByTestId('plan');
    expect(host.requests('make_plan')).toMatchObject([{ kind: 'updateImages', targets: [{ kind: 'guest', guest: guestId(200) }], only: { kind: 'images', names: ['nginx:latest'], projects: false } }]);
  });

  it('of all its images is the main button of the tab, and of no other', async () => {
    const { user, host } = await openTab();
    expect(screen.queryByTestId('panel-update')).toBeNull();
    await user.click(screen.getByTestId('panel-update-images'));
    await screen.findByTestId('plan');
    expect(host.requests('make_plan')).toMatchObject([{ kind: 'updateImages', targets: [{ kind: 'guest', guest: guestId(200) }], only: { kind: 'all' } }]);
    await user.keyboard('{Escape}');
    await user.click(screen.getByTestId('tab-updates'));
    expect(screen.getByTestId('panel-update')).toBeTruthy();
    expect(screen.queryByTestId('panel-update-images')).toBeNull();
  });

  it.each<[string, Partial<GuestRow>, string]>([
    ['is locked', { lock: 'backup' }, 'Locked: backup'],
    ['is at work', { activity: { operation: 'o-1', step: 'apply', percent: null } }, 'An operation runs on it'],
  ])('says why not where the LXC %s', async (_, part, why) => {
    const { user, host } = await openTab(part);
    for (const button of ['renew-nginx:latest', 'panel-update-images']) {
      expect(screen.getByTestId(button).getAttribute('aria-disabled')).toBe('true');
      expect(screen.getByTestId(button).title).toBe(why);
      await user.click(screen.getByTestId(button));
    }
    expect(host.requests('make_plan')).toEqual([]);
  });

  it('is not offered beside an image of an earlier time', async () => {
    await openTab({ old: true });
    expect(screen.queryByTestId('renew-nginx:latest')).toBeNull();
    expect(screen.getByTestId('panel-update-images').title).toBe('Its node does not answer');
  });
});
