// The view with all images of the fleet: order, filter, search, one LXC in each state, asking the registries now.
import { screen, waitFor, within } from '@testing-library/react';
import { expect, it } from 'vitest';
import type { ImageState } from '../src/bindings/ImageState';
import { shownOf, sumsOf, withoutDoubles } from '../src/images/list';
import { NO_TOTALS } from '../src/live/fleet';
import { C1, FLEET, guest, guestId } from './fixtures/fleet';
import { digest, inUse, NEWER, UNASKED } from './fixtures/images';
import { fleetImage, use } from './fixtures/registries';
import { failure, type MemoryHost } from './host';
import { open, row } from './open';

async function openImages(prepare: (host: MemoryHost) => void = () => undefined) {
  const opened = await open(prepare);
  await opened.user.click(screen.getByTestId('view-images'));
  await screen.findByTestId('images-view');
  return opened;
}

const images = () => [...screen.getByTestId('images-list').querySelectorAll('[data-image]')].map((row) => row.getAttribute('data-image'));
const image = (name: string) => screen.getByTestId(`fleet-image-${name}`);
const PINNED = `postgres:17@${digest('77c0d2aa1b2c')}`;
const UPDATES = ['nginx:latest'];
const UNCLEAR = ['alpine:3.19', 'ghcr.io/me/private:1', 'gluetun:v3', 'linuxserver/sonarr:4', 'paperless-ngx:2', 'registry.lan:5000/tool:2'];
const REST = ['grafana/grafana:11.3.0', 'me/app:dev', 'postgres:17@sha256:77c0d2aa1b2c…', 'redis:7.4'];

it('lists images with an update first, then what is unclear, then the rest, by name', async () => {
  await openImages();
  await screen.findByTestId('fleet-image-nginx:latest');
  expect(images()).toEqual([...UPDATES, ...UNCLEAR, ...REST]);
  expect(screen.getByTestId('images-sums').textContent).toBe('11 images in 4 LXCs · 1 with an update · 6 unclear');
  expect(screen.getByTestId('view-images').getAttribute('aria-current')).toBe('page');
  expect(screen.getByTestId('view-images').textContent).toBe('Images1');
});

it('sums the states of its uses, those of an earlier time apart', async () => {
  await openImages();
  await screen.findByTestId('fleet-image-nginx:latest');
  expect(image('nginx:latest').textContent).toBe('nginx:latest2 with an update1 up to date3 LXCs · 4 containersdocker.ioUpdate…');
  expect(image('grafana/grafana:11.3.0').textContent).toContain('1 up to date1 from an earlier time');
  expect(image('me/app:dev').textContent).toContain('1 pinned or local1 LXC · 0 containersNo registry');
  expect(image('gluetun:v3').textContent).toContain('1 unclear');
  expect(image('paperless-ngx:2').textContent).toContain('1 from an earlier time');
  expect(image('paperless-ngx:2').textContent).not.toContain('up to date');
});

it.each<[string, number, string, string[]]>([
  ['redis:7.4', 200, 'current', ['Up to date', 'job, site', 'pve2 · Homelab Cluster 1', 'Checked 3 h ago']],
  ['nginx:latest', 200, 'update', ['New digest', '9b2e4d17a0c8', 'web', 'Checked 3 h ago']],
  [PINNED, 200, 'pinned', ['Pinned by digest', 'Its tag names another image by now', 'No container is named']],
  ['me/app:dev', 200, 'local', ['Local', 'It never came from a registry']],
  ['linuxserver/sonarr:4', 200, 'gone', ['Gone', 'manifest unknown', 'Last answer 3 h ago']],
  ['ghcr.io/me/private:1', 200, 'noAccess', ['No access', 'denied: requested access']],
  ['gluetun:v3', 200, 'rateLimited', ['Rate limited', 'answers nobody until', 'before: new digest 9b2e4d17a0c8']],
  ['registry.lan:5000/tool:2', 200, 'unknown', ['Unknown', 'registry.lan:5000 does not answer', 'before: up to date', 'Last answer 3 h ago']],
  ['alpine:3.19', 200, 'unasked', ['Not checked yet']],
  ['paperless-ngx:2', 311, 'current', ['Was up to date', 'From an earlier time']],
  ['grafana/grafana:11.3.0', 311, 'update', ['New digest', '9b2e4d17a0c8', 'From an earlier time']],
])('says how %s stands in LXC %i: %s', async (name, vmid, state, said) => {
  const { user } = await openImages();
  await user.click(await screen.findByTestId(`fleet-image-${name}`));
  const line = screen.getByTestId(`use-${vmid}-${name}`);
  expect(line.dataset['state']).toBe(state);
  for (const part of said) expect(line.textContent).toContain(part);
  // Only what a registry confirmed lately is good news.
  expect(within(line).queryByText('Up to date') !== null).toBe(state === 'current' && vmid === 200);
  expect(line.classList.contains('past')).toBe(vmid === 311);
  expect(line.querySelector('.status.info') !== null).toBe(state === 'update' && vmid === 200);
});

it('is opened by key, with its LXCs by how they stand', async () => {
  const { user } = await openImages();
  await screen.findByTestId('fleet-image-nginx:latest');
  const button = screen.getByRole('button', { name: 'LXCs with nginx:latest' });
  button.focus();
  await user.keyboard('{Enter}');
  expect(button.getAttribute('aria-expanded')).toBe('true');
  expect(screen.getAllByTestId(/^use-/).map((line) => line.dataset['testid'])).toEqual(['use-100-nginx:latest', 'use-200-nginx:latest', 'use-300-nginx:latest']);
  expect(screen.getByTestId('use-300-nginx:latest').textContent).toContain('300monitoringUp to datefront, backpve3 · Homelab Cluster 2');
  expect(screen.getByRole('table', { name: 'Images' }).getAttribute('aria-rowcount')).toBe('15');
  await user.keyboard('{Enter}');
  expect(screen.queryByTestId('use-100-nginx:latest')).toBeNull();
});

it('shows only those with an update, or only what is unclear', async () => {
  const { user } = await openImages();
  await screen.findByTestId('fleet-image-nginx:latest');
  await user.click(screen.getByTestId('images-only-updates'));
  expect(images()).toEqual(UPDATES);
  await user.keyboard('{ArrowRight}');
  expect(screen.getByTestId('images-only-unclear').getAttribute('aria-checked')).toBe('true');
  expect(images()).toEqual(UNCLEAR);
  await user.type(screen.getByTestId('images-search'), 'redis');
  expect(screen.getByTestId('images-sums').textContent).toBe('No image is unclear: of each one it is known how it stands.');
  await user.click(screen.getByTestId('images-only-updates'));
  expect(screen.getByTestId('images-sums').textContent).toBe('No image has an update.');
  await user.clear(screen.getByTestId('images-search'));
  await user.type(screen.getByTestId('images-search'), 'gluetun');
  expect(screen.getByTestId('images-sums').textContent).toBe('No image is known to have an update. 1 is unclear.');
});

it('finds by image, registry, LXC and container, and says when nothing matches', async () => {
  const { user } = await openImages();
  await screen.findByTestId('fleet-image-nginx:latest');
  const field = screen.getByTestId('images-search');
  await user.type(field, 'monitoring front');
  expect(images()).toEqual(['nginx:latest']);
  expect(image('nginx:latest').textContent).toContain('1 up to date1 LXC · 2 containers');
  await user.clear(field);
  await user.type(field, 'ghcr.io');
  expect(images()).toEqual(['ghcr.io/me/private:1']);
  await user.type(field, 'zzz');
  expect(screen.getByTestId('images-sums').textContent).toBe('Nothing matches “ghcr.iozzz”.');
  await user.keyboard('{Escape}');
  expect(images()).toHaveLength(11);
});

it('asks all registries now, once at a time, and reads the list again', async () => {
  let answered: () => void = () => undefined;
  const { user, host } = await openImages((host) => {
    host.answers.check_images = () => new Promise((done) => {
      answered = () => done({});
    });
  });
  await screen.findByTestId('fleet-image-nginx:latest');
  const reads = host.requests('images').length;
  const button = screen.getByTestId('check-now');
  await user.click(button);
  expect(button.textContent).toBe('Asking the registries…');
  expect(button.getAttribute('aria-disabled')).toBe('true');
  expect(button.title).toBe('The registries are being asked already');
  await user.click(button);
  expect(host.requests('check_images')).toEqual([{}]);
  answered();
  expect((await screen.findByTestId('notice-ok')).textContent).toContain('The registries have been asked.');
  expect(button.textContent).toBe('Check now');
  await waitFor(() => expect(host.requests('images').length).toBe(reads + 1));
});

it('shows in its own words why the registries could not be asked, until they are', async () => {
  const { user, host } = await openImages((host) => {
    host.answers.check_images = () => {
      throw failure('internal', 'The answers cannot be kept.', 'disk I/O error', 'See whether the disk is full.');
    };
  });
  await screen.findByTestId('fleet-image-nginx:latest');
  const reads = host.requests('images').length;
  await user.click(screen.getByTestId('check-now'));
  const error = await screen.findByTestId('check-error');
  for (const part of ['The answers cannot be kept.', 'disk I/O error', 'See whether the disk is full.']) expect(error.textContent).toContain(part);
  await waitFor(() => expect(host.requests('images').length).toBe(reads + 1));
  expect(images()).toHaveLength(11);
  host.answers.check_images = () => ({});
  await user.click(screen.getByTestId('check-now'));
  await waitFor(() => expect(screen.queryByTestId('check-error')).toBeNull());
});

it('is asked from a row of the tree too, and says there why it failed', async () => {
  const { user, host } = await open();
  await user.pointer({ keys: '[MouseRight]', target: row('mariadb') });
  await screen.findByTestId('menu');
  expect(screen.queryByTestId('action-check-images')).toBeNull();
  await user.keyboard('{Escape}');
  host.answers.check_images = () => {
    throw failure('internal', 'The answers cannot be kept.');
  };
  await user.pointer({ keys: '[MouseRight]', target: row('pve1') });
  const item = await screen.findByTestId('action-check-images');
  expect(item.textContent).toContain('Asks all registries, for the whole fleet');
  await user.click(item);
  expect((await screen.findByTestId('notice-error')).textContent).toContain('The answers cannot be kept.');
  expect(host.requests('check_images')).toEqual([{}]);
});

it('is read again when the figures of an LXC move, and says why it cannot be read', async () => {
  const { user, host } = await openImages();
  await screen.findByTestId('fleet-image-nginx:latest');
  const reads = host.requests('images').length;
  host.answers.images = () => {
    throw failure('internal', 'The database does not answer.');
  };
  const now = guest(C1, 'pve1', 100, 'ubuntu-docker-01', { images: { total: 2, updates: 2, unclear: 0 } });
  host.send({ kind: 'fleet', patch: { clusters: [], nodes: [], guests: [now], goneClusters: [], goneNodes: [], goneGuests: [], totals: null } });
  await waitFor(() => expect(host.requests('images').length).toBe(reads + 1));
  const error = await screen.findByTestId('images-error');
  expect(error.textContent).toContain('The database does not answer.');
  // What was read before stays beside the reason.
  expect(images()).toHaveLength(11);
  host.answers.images = () => ({ images: [], registries: [], everyHours: 6 });
  await user.click(within(error).getByText('Try again'));
  expect((await screen.findByTestId('images-none')).textContent).toContain('Install agents in the LXCs that run containers');
  expect(screen.getByTestId('check-now').title).toBe('No image is known that could be asked about');
});

it('of an empty fleet says what comes first', async () => {
  const { user } = await open((host) => {
    host.answers.snapshot = () => ({ seq: 1, fleet: { clusters: [], nodes: [], guests: [], totals: NO_TOTALS }, operations: [] });
    host.answers.images = () => ({ images: [], registries: [], everyHours: 6 });
  });
  await user.click(screen.getByTestId('view-images'));
  expect((await screen.findByTestId('images-none')).textContent).toContain('Add your first Proxmox cluster under Fleet.');
});

it('draws only what is on the screen of a long list', async () => {
  await openImages((host) => {
    const uses = FLEET.guests.slice(0, 5).map(({ vmid }) => vmid);
    host.answers.images = () => ({ images: Array.from({ length: 2000 }, (_, i) => fleetImage(`app-${i}:1`, uses.map((vmid) => use(vmid, inUse(`app-${i}:1`, { kind: 'current' }))))), registries: [], everyHours: 6 });
  });
  await screen.findByTestId('fleet-image-app-0:1');
  expect(screen.getByTestId('images-list').querySelectorAll('[role="row"]').length).toBeLessThan(80);
  expect(screen.getByRole('table', { name: 'Images' }).getAttribute('aria-rowcount')).toBe('2001');
});

it('is reached by Ctrl 3', async () => {
  const { user } = await open();
  await user.keyboard('{Control>}3{/Control}');
  expect(await screen.findByTestId('images-view')).toBeTruthy();
});

it('counts no state as up to date that nobody confirmed', () => {
  const last: ImageState = { kind: 'current' };
  const states: ImageState[] = [{ kind: 'gone', words: '' }, { kind: 'noAccess', words: '' }, { kind: 'rateLimited', until: null, last }, { kind: 'unknown', reason: 'x', last }, UNASKED];
  for (const state of states) {
    const one = fleetImage('a:1', [use(200, inUse('a:1', state))]);
    expect(sumsOf(one)).toMatchObject({ unclear: 1, current: 0, update: 0 });
    expect(shownOf([one], 'unclear')).toHaveLength(1);
  }
  expect(sumsOf(fleetImage('a:1', [use(200, inUse('a:1', last), true)]))).toMatchObject({ current: 0, old: 1 });
});

it('makes one use of two spellings, and keeps contents and engines apart', () => {
  const state: ImageState = { kind: 'update', digest: NEWER };
  const twice = fleetImage('nginx:latest', [use(200, inUse('nginx:latest', state, { containers: ['a'] })), use(200, inUse('nginx:latest', state, { containers: ['b'] })), use(200, inUse('nginx:latest', state, { imageId: digest('aa') }))]);
  const [one] = withoutDoubles([twice]);
  expect(one?.uses.map((use) => use.inUse.containers)).toEqual([['a', 'b'], []]);
});

const NOTHING_MORE = { start: false, takeOver: false, shell: false, removals: false, engine: false };
/** Nextcloud with the figures of its images, beside the docker LXC of the fleet. */
const both = (part = {}) => (host: MemoryHost) => {
  const guests = FLEET.guests.map((one) => (one.vmid === 200 ? { ...one, images: { total: 9, updates: 1, unclear: 6 }, ...part } : one));
  host.answers.snapshot = () => ({ seq: 10, fleet: { ...FLEET, guests }, operations: [] });
};

it('updates one image in the LXCs where it has an update, without opening its row', async () => {
  const { user, host } = await openImages(both());
  const button = await screen.findByTestId('renew-nginx:latest');
  expect(screen.getAllByTestId(/^renew-.*:/)).toEqual([button]);
  expect(button.getAttribute('aria-label')).toBe('Update nginx:latest…');
  await user.click(button);
  expect(await screen.findByRole('dialog', { name: 'Update images of 2 LXCs' })).toBeTruthy();
  expect(host.requests('make_plan')).toEqual([{
    kind: 'updateImages', targets: [{ kind: 'guest', guest: guestId(100) }, { kind: 'guest', guest: guestId(200) }], only: { kind: 'images', names: ['nginx:latest'], projects: false },
    allowed: NOTHING_MORE, canary: false, stopPercent: null,
  }]);
  expect(screen.queryByTestId('use-100-nginx:latest')).toBeNull();
});

it('updates an image only in those LXCs that the search shows', async () => {
  const { user, host } = await openImages(both());
  await screen.findByTestId('renew-nginx:latest');
  await user.type(screen.getByTestId('images-search'), 'nginx nextcloud');
  await user.click(screen.getByTestId('renew-nginx:latest'));
  await waitFor(() => expect(host.requests('make_plan')).toMatchObject([{ targets: [{ kind: 'guest', guest: guestId(200) }] }]));
});

it('updates all images of the fleet', async () => {
  const { user, host } = await openImages();
  await user.click(screen.getByTestId('renew-all'));
  await screen.findByTestId('plan');
  expect(host.requests('make_plan')).toMatchObject([{ kind: 'updateImages', targets: [{ kind: 'fleet' }], only: { kind: 'all' } }]);
});

it.each([
  ['nothing is known', { images: { total: 2, updates: 0, unclear: 0 } }, 'No image update is known'],
  ['it is locked', { lock: 'backup' }, 'Locked: backup'],
  ['its agent is silent', { agent: { kind: 'offline' as const, lastSeen: 0, trouble: null } }, 'The agent does not answer'],
])('cannot update all images where %s, and says so', async (_, part, why) => {
  const { user, host } = await openImages((host) => {
    const guests = FLEET.guests.filter(({ vmid }) => vmid === 100).map((one) => ({ ...one, ...part }));
    host.answers.snapshot = () => ({ seq: 10, fleet: { ...FLEET, guests }, operations: [] });
  });
  const button = screen.getByTestId('renew-all');
  expect(button.getAttribute('aria-disabled')).toBe('true');
  expect(button.title).toBe(why);
  await user.click(button);
  // In the row the same holds.
  const one = await screen.findByTestId('renew-nginx:latest');
  expect(one.title).toBe(why);
  await user.click(one);
  expect(host.requests('make_plan')).toEqual([]);
});
