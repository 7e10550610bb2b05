// Newer tags beside the one in use, notes on what is new, and how often registries are asked.
import { screen, waitFor, within } from '@testing-library/react';
import { describe, expect, it } from 'vitest';
import type { ImageInUse } from '../src/bindings/ImageInUse';
import type { ImageUse } from '../src/bindings/ImageUse';
import { newsOf, ownNews } from '../src/images/list';
import { together } from '../src/panel/images';
import { jumpsOf, pageOf } from '../src/panel/newer';
import { guestId, NOW } from './fixtures/fleet';
import { digest, found, inUse, newer, SOCKET } from './fixtures/images';
import { FLEET_IMAGES, fleetImage, use } from './fixtures/registries';
import { details } from './fixtures/work';
import { failure, type MemoryHost } from './host';
import { open, row } from './open';

const HOUR = 3_600_000;
const NAME = 'nginx:1.27.2';
const ALL = newer({ patch: '1.27.4', minor: '1.28.0', major: '2.0.0' });
const SAID = 'Newer tags: 1.27.4 (patch), 1.28.0 (minor), 2.0.0 (major)';
const WHERE = 'Tags are changed where the container is defined: compose file or run command.';
const PAGE = 'https://github.com/nginx/nginx/releases';
const nginx = (part: Partial<ImageInUse> = {}) => inUse(NAME, { kind: 'current' }, part);

async function openTab(...images: ImageInUse[]) {
  const opened = await open((host) => {
    host.answers.guest_details = ({ guest }) => {
      const all = details(Number(guest.slice(-12)));
      return guest === guestId(100) && all.inventory !== null ? { ...all, inventory: { ...all.inventory, docker: [found([])] }, images } : all;
    };
  });
  await opened.user.click(row('ubuntu-docker-01'));
  await opened.user.click(screen.getByTestId('tab-images'));
  await screen.findByTestId(`engine-${SOCKET}`);
  return opened;
}

async function openImages(prepare: (host: MemoryHost) => void = () => undefined) {
  const opened = await open(prepare);
  await opened.user.click(screen.getByTestId('view-images'));
  await screen.findByTestId('images-sums');
  return opened;
}
const withUses = (...uses: ImageUse[]) => (host: MemoryHost) => {
  host.answers.images = () => ({ ...FLEET_IMAGES, images: [fleetImage(NAME, uses)] });
};

describe('in the panel of an LXC', () => {
  const item = () => screen.getByTestId(`image-${NAME}`);

  it('newer tags stand below how the tag in use stands, with their age, and are no update', async () => {
    await openTab(nginx({ newer: ALL }));
    expect(item().textContent).toBe(`${NAME}Up to dateChecked 3 h ago${SAID} · Listed 3 h ago`);
    expect(item().querySelector('.status.info')).toBeNull();
    expect(within(item()).queryByRole('button')).toBeNull();
    expect(screen.getByTestId('panel').textContent).toContain(WHERE);
  });

  it.each<[string, ImageInUse, string]>([
    ['one jump alone', nginx({ newer: newer({ major: '2.0.0' }, NOW - 48 * HOUR) }), 'Newer tags: 2.0.0 (major) · Listed 2 d ago'],
    ['that none was listed', nginx({ newer: newer({}) }), 'No newer tag when the registry listed them 3 h ago'],
    ['nothing where nobody has asked', nginx(), ''],
  ])('say %s', async (_, image, said) => {
    await openTab(image);
    expect(item().textContent).toBe(`${NAME}Up to dateChecked 3 h ago${said}`);
  });

  it('say nothing of where tags are changed while none is newer', async () => {
    await openTab(nginx({ newer: newer({}) }), inUse('redis:7.4', { kind: 'current' }));
    expect(screen.getByTestId('panel').textContent).not.toContain(WHERE);
  });

  it('notes are a link that names its address', async () => {
    await openTab(nginx({ notes: PAGE }));
    const link = screen.getByRole('link', { name: `Release notes of ${NAME}` });
    expect(link.textContent).toBe('Release notes');
    expect(['href', 'target', 'rel', 'title'].map((name) => link.getAttribute(name))).toEqual([PAGE, '_blank', 'noreferrer', PAGE]);
  });

  it.each(['javascript:alert(1)', ' https://example.org', 'data:text/html,x', 'file:///etc/passwd', 'github.com/nginx/nginx', ''])('notes %j are no link', async (notes) => {
    await openTab(nginx({ notes }));
    expect(within(item()).queryByRole('link')).toBeNull();
    expect(item().textContent).toBe(`${NAME}Up to dateChecked 3 h ago`);
  });
});

describe('in the view of all images', () => {
  const image = () => screen.getByTestId(`fleet-image-${NAME}`);
  const line = (vmid: number) => screen.getByTestId(`use-${vmid}-${NAME}`);

  it('newer tags are said once where all LXCs say the same, with the oldest age', async () => {
    const { user } = await openImages(withUses(use(100, nginx({ newer: ALL, notes: PAGE })), use(200, nginx({ newer: { ...ALL, at: NOW - 5 * HOUR }, notes: PAGE }))));
    expect(image().textContent).toContain(`2 up to date${SAID}2 LXCs`);
    expect(within(image()).getByTitle(`${SAID} · Listed 5 h ago`)).toBeTruthy();
    expect(screen.getByTestId('images-sums').textContent).toBe('1 image in 2 LXCs');
    expect(screen.queryByTestId(`news-${NAME}`)).toBeNull();
    await user.click(image());
    expect(screen.getByTestId(`news-${NAME}`).textContent).toBe(`${SAID} · Listed 5 h agoRelease notes${WHERE}`);
    for (const vmid of [100, 200]) expect(line(vmid).textContent).not.toContain('Newer');
    expect(screen.getByRole('link', { name: `Release notes of ${NAME}` }).getAttribute('href')).toBe(PAGE);
    expect(screen.getByRole('table', { name: 'Images' }).getAttribute('aria-rowcount')).toBe('5');
    expect(within(screen.getByTestId('images-list')).getAllByRole('row').map((one) => one.getAttribute('aria-rowindex'))).toEqual(['2', '3', '4', '5']);
  });

  it('newer tags and notes stand at each LXC where they differ', async () => {
    const { user } = await openImages(withUses(use(100, nginx({ newer: ALL, notes: PAGE })), use(200, nginx({ newer: newer({ patch: '1.27.3' }) })), use(300, nginx())));
    expect(image().textContent).not.toContain('Newer');
    await user.click(image());
    expect(screen.queryByTestId(`news-${NAME}`)).toBeNull();
    expect(line(100).textContent).toContain(`Up to date${SAID}Release notes`);
    expect(within(line(100)).getByRole('link').getAttribute('href')).toBe(PAGE);
    expect(line(200).textContent).toContain('Up to dateNewer tags: 1.27.3 (patch)');
    expect(within(line(200)).queryByRole('link')).toBeNull();
    expect(line(300).textContent).not.toContain('Newer');
  });

  it('a link does not open or close its row', async () => {
    const { user } = await openImages(withUses(use(100, nginx({ notes: PAGE }))));
    await user.click(image());
    const link = screen.getByRole('link');
    link.addEventListener('click', (event) => event.preventDefault());
    await user.click(link);
    expect(line(100)).toBeTruthy();
  });

  it('that none is newer is said only where it is opened', async () => {
    const { user } = await openImages(withUses(use(100, nginx({ newer: newer({}) }))));
    expect(image().textContent).not.toMatch(/newer/i);
    await user.click(image());
    expect(screen.getByTestId(`news-${NAME}`).textContent).toBe('No newer tag when the registry listed them 3 h ago');
  });

  it('nothing is said where nobody has asked, and where the notes are no page', async () => {
    const { user } = await openImages(withUses(use(100, nginx({ notes: 'javascript:alert(1)' }))));
    expect(image().textContent).not.toMatch(/newer/i);
    await user.click(image());
    expect(screen.queryByTestId(`news-${NAME}`)).toBeNull();
    expect(within(screen.getByTestId('images-list')).queryByRole('link')).toBeNull();
    expect(line(100).textContent).not.toMatch(/newer|notes/i);
  });
});

it('unknown never agrees with none newer, nor with some', () => {
  const of = (...tags: ImageInUse['newer'][]) => newsOf(fleetImage(NAME, tags.map((one) => use(100, nginx({ newer: one }))))).newer;
  expect(of(ALL, ALL)).toEqual(ALL);
  expect(of(newer({}), newer({}, NOW))).toEqual(newer({}));
  for (const other of [null, newer({}), newer({ patch: '1.27.4' })]) {
    expect(of(ALL, other)).toBeNull();
    expect(of(other, ALL)).toBeNull();
  }
  expect(of(null, null)).toBeNull();
  expect(newsOf(fleetImage(NAME, []))).toEqual({ newer: null, notes: null });
  expect(ownNews(nginx({ newer: ALL, notes: PAGE }), { newer: ALL, notes: null })).toEqual({ newer: null, notes: PAGE });
});

it('keeps what either of two spellings knows', () => {
  expect(together(nginx(), nginx({ newer: ALL, notes: PAGE }))).toMatchObject({ newer: ALL, notes: PAGE });
  expect(together(nginx({ newer: ALL }), nginx({ imageId: digest('aa') }))).toMatchObject({ newer: ALL, notes: null });
});

it('names jumps from the smallest on, and pages of the web alone', () => {
  expect(jumpsOf(newer({ major: '2', patch: '1.1' })).map(({ tag }) => tag)).toEqual(['1.1', '2']);
  expect([PAGE, 'http://example.org/x', 'HTTPS://example.org', 'ftp://example.org', null].map(pageOf)).toEqual([PAGE, 'http://example.org/x', 'HTTPS://example.org', null, null]);
});

describe('how often registries are asked', () => {
  const field = () => screen.getByRole<HTMLSelectElement>('combobox', { name: 'Ask registries' });
  const offered = () => within(field()).getAllByRole('option').map((one) => one.textContent);
  const every = (hours: number) => (host: MemoryHost) => {
    host.answers.images = () => ({ ...FLEET_IMAGES, everyHours: hours });
  };

  it('is chosen beside asking them now, and read again', async () => {
    let hours = 6;
    const { user, host } = await openImages((host) => {
      host.answers.images = () => ({ ...FLEET_IMAGES, everyHours: hours });
      host.answers.set_image_rhythm = (request) => {
        hours = request.hours;
        return {};
      };
    });
    const reads = host.requests('images').length;
    expect(field().value).toBe('6');
    expect(offered()).toEqual(['every 6 hours', 'every 12 hours', 'once a day', 'only on demand']);
    await user.selectOptions(field(), 'once a day');
    expect(host.requests('set_image_rhythm')).toEqual([{ hours: 24 }]);
    // It does not jump back until the next reading.
    expect(field().value).toBe('24');
    expect((await screen.findByTestId('notice-ok')).textContent).toContain('Registries are asked once a day.');
    await waitFor(() => expect(host.requests('images').length).toBe(reads + 1));
    expect(field().value).toBe('24');
    expect(screen.queryByTestId('images-on-demand')).toBeNull();
    await user.selectOptions(field(), 'only on demand');
    expect((await screen.findByTestId('images-on-demand')).textContent).toBe('Registries are asked only when you say so.');
    expect(host.requests('set_image_rhythm')).toEqual([{ hours: 24 }, { hours: 0 }]);
  });

  it.each([[36, 'every 36 hours'], [1, 'every hour']])('is shown where another one is set: %i', async (hours, said) => {
    await openImages(every(hours));
    expect(field().value).toBe(String(hours));
    expect(offered()).toEqual([said, 'every 6 hours', 'every 12 hours', 'once a day', 'only on demand']);
  });

  it('is on demand only, and says so over both lists', async () => {
    const { user } = await openImages(every(0));
    expect(field().value).toBe('0');
    expect(screen.getByTestId('images-on-demand')).toBeTruthy();
    await user.click(screen.getByTestId('images-part-registries'));
    expect(screen.getByTestId('images-on-demand')).toBeTruthy();
    expect(field()).toBeTruthy();
  });

  it('says why it cannot be changed, and shows what holds', async () => {
    const { user, host } = await openImages((host) => {
      host.answers.set_image_rhythm = () => {
        throw failure('internal', 'The setting cannot be kept.', 'disk I/O error');
      };
    });
    const reads = host.requests('images').length;
    await user.selectOptions(field(), 'every 12 hours');
    const notice = await screen.findByTestId('notice-error');
    for (const part of ['The setting cannot be kept.', 'disk I/O error']) expect(notice.textContent).toContain(part);
    await waitFor(() => expect(field().value).toBe('6'));
    await waitFor(() => expect(host.requests('images').length).toBe(reads + 1));
  });
});
