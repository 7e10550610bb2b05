// The history over the fleet: receipts, their search and paging, and how they are written to a file.
import { act, screen, waitFor, within } from '@testing-library/react';
import { expect, it } from 'vitest';
import type { Receipt } from '../src/bindings/Receipt';
import { go } from '../src/app/place';
import { standingOf, whatOf } from '../src/panel/renewed';
import { exact } from '../src/words/format';
import { NOW } from './fixtures/fleet';
import { follows, IMAGE_RECEIPTS, KEPT_UNTIL, NEW_ID, OLD_ID, renewed } from './fixtures/renewal';
import { placeOf, RECEIPT_ROWS } from './fixtures/updates';
import { details, job, operation, PLANNED } from './fixtures/work';
import { failure, type MemoryHost } from './host';
import { open, row } from './open';

async function openHistory(prepare: (host: MemoryHost) => void = () => undefined) {
  const opened = await open(prepare);
  await opened.user.click(screen.getByTestId('view-history'));
  await screen.findByTestId('receipts');
  return opened;
}

const rows = () => [...screen.getByTestId('receipts').querySelectorAll('[data-receipt]')].map((row) => Number(row.getAttribute('data-receipt')));

it('shows the receipts of the fleet, each opened in place', async () => {
  const { user, host } = await openHistory();
  const newest = await screen.findByTestId('receipt-row-1461');
  expect(host.requests('read_receipts')).toEqual([{ search: '', before: null, limit: 100 }]);
  expect(rows()).toEqual([1461, 1444]);
  expect(newest.textContent).toContain('nextcloudpve2 · Homelab Cluster 1Update, 3 packagesDoneada');
  const button = within(newest).getByRole('button');
  button.focus();
  await user.keyboard('{Enter}');
  expect(screen.getByTestId('change-libexpat1').textContent).toContain('2.5.0-1+deb12u1');
  await user.keyboard('{Enter}');
  expect(screen.queryByTestId('receipt-1461')).toBeNull();
});

it('lets Rust search, and says when nothing matches', async () => {
  const { user, host } = await openHistory();
  await screen.findByTestId('receipt-row-1461');
  await user.type(screen.getByTestId('receipts-search'), 'pihole');
  await waitFor(() => expect(rows()).toEqual([1444]));
  expect(host.requests('read_receipts').at(-1)).toEqual({ search: 'pihole', before: null, limit: 100 });
  await user.type(screen.getByTestId('receipts-search'), 'zzz');
  expect((await screen.findByTestId('receipts-no-match')).textContent).toContain('piholezzz');
  expect((screen.getByTestId('export-csv') as HTMLButtonElement).disabled).toBe(true);
});

it('reads older ones on, from the end of the last one', async () => {
  const { user, host } = await openHistory((host) => {
    const answer = host.answers.read_receipts;
    host.answers.read_receipts = (request) => answer({ ...request, limit: 1 });
  });
  await screen.findByTestId('receipt-row-1461');
  expect(screen.getByTestId('receipts-count').textContent).toBe('The newest 1');
  await user.click(screen.getByTestId('receipts-more'));
  await waitFor(() => expect(rows()).toEqual([1461, 1444]));
  expect(host.requests('read_receipts').at(-1)?.before).toBe(RECEIPT_ROWS[0]?.receipt.job);
  expect(screen.queryByTestId('receipts-more')).toBeNull();
});

it.each(['csv', 'json'] as const)('writes what matches as %s, and says where', async (format) => {
  const { user, host } = await openHistory();
  await screen.findByTestId('receipt-row-1461');
  await user.click(screen.getByTestId(`export-${format}`));
  await waitFor(() => expect(host.requests('export_receipts')).toEqual([{ search: '', format }]));
  expect((await screen.findByTestId('notice-ok')).textContent).toContain(`2 receipts written to /home/ada/Downloads/redflag-history.${format}`);
});

it('says why it cannot be read or written', async () => {
  const { user, host } = await openHistory((host) => {
    host.answers.export_receipts = () => {
      throw failure('internal', 'The file cannot be written.', 'No space left on device');
    };
  });
  await screen.findByTestId('receipt-row-1461');
  await user.click(screen.getByTestId('export-csv'));
  expect((await screen.findByTestId('notice-error')).textContent).toContain('No space left on device');
  host.answers.read_receipts = () => {
    throw failure('internal', 'The database does not answer.');
  };
  await user.click(screen.getByTestId('receipts-again'));
  expect((await screen.findByTestId('receipts-error')).textContent).toContain('The database does not answer.');
});

it('says that nothing was changed yet', async () => {
  await openHistory((host) => {
    host.answers.read_receipts = () => ({ receipts: [], more: false });
  });
  expect((await screen.findByTestId('receipts-none')).textContent).toContain('Nothing was changed yet');
});

const withReceipts = (...receipts: Receipt[]) => (host: MemoryHost) => {
  host.answers.read_receipts = () => ({ receipts: receipts.map((receipt) => ({ receipt, ...placeOf(100) })), more: false });
};
const container = (name: string) => screen.getByTestId(`renewed-container-${name}`).textContent;

it('tells what became of images and of their containers', async () => {
  const { user } = await openHistory(withReceipts(IMAGE_RECEIPTS.good));
  const line = await screen.findByTestId('receipt-row-1492');
  expect(line.textContent).toContain('2 images updatedDone');
  await user.click(line);
  expect(screen.getByTestId('renewed-nginx:latest').textContent).toContain('nginx:latest3f8a91c05d27c41b7a90ee12');
  expect(container('web')).toBe('webRuns from the new image');
  expect(container('old-site')).toBe('old-siteNot running, new image');
  expect(container('vpn')).toBe('vpnRuns from the new image');
  expect(screen.getByTestId('receipt-1492').querySelector('.status.error')).toBeNull();
});

it('tells of containers that only follow, and whose network they use', async () => {
  const { user } = await openHistory(withReceipts(IMAGE_RECEIPTS.good));
  await user.click(await screen.findByTestId('receipt-row-1492'));
  expect(container('torrent')).toBe('torrentMade again with vpn’s network');
  const one = { name: 'vpn', imageId: NEW_ID, running: true, follows: false };
  const well = renewed('gluetun:v3', [one, follows('torrent')]);
  const of = (running: boolean, image = well) => standingOf(follows('torrent', running), image);
  expect(of(false)).toEqual({ tone: 'mute', glyph: 'stop', word: 'Not running, made again' });
  expect(of(true, { ...well, containers: [one, { ...one, name: 'vpn-2' }] }).word).toBe('Made again with another’s network');
  // Nobody says of one that came back, or was never touched, that it was made again.
  const not = { ...well, to: null, problem: 'it was interrupted' };
  expect(of(true, not)).toEqual({ tone: 'mute', glyph: 'run', word: 'Runs with vpn’s network' });
  expect(of(false, not)).toMatchObject({ tone: 'error', word: 'Not running' });
  expect(standingOf({ ...follows('torrent'), imageId: null }, well).word).toBe('Unknown');
});

it('says until when the old image is kept, where RedFlag removes it', async () => {
  const past = { ...IMAGE_RECEIPTS.good, job: 'r-1480', number: 1480, images: [renewed('nginx:latest', [], { keptUntil: NOW - 86_400_000 })] };
  const { user } = await openHistory(withReceipts(IMAGE_RECEIPTS.good, past));
  await user.click(await screen.findByTestId('receipt-row-1492'));
  expect(screen.getByText('The old image is kept until 29 Nov').title).toBe(exact(KEPT_UNTIL));
  expect(screen.getByTestId('renewed-gluetun:v3').textContent).not.toContain('kept');
  await user.click(screen.getByTestId('receipt-row-1480'));
  expect(screen.getByText('The old image was kept until 21 Nov')).toBeTruthy();
});

it('has no parts about packages where there were none', async () => {
  const { user } = await openHistory(withReceipts(IMAGE_RECEIPTS.good));
  await user.click(await screen.findByTestId('receipt-row-1492'));
  const said = screen.getByTestId('receipt-1492').textContent;
  for (const part of ['Package database', 'Before and after', 'Nothing was changed', 'Planned, not done', 'Services', 'Configuration']) expect(said).not.toContain(part);
});

it('says which images came back, and why', async () => {
  const { user } = await openHistory(withReceipts(IMAGE_RECEIPTS.half, IMAGE_RECEIPTS.failed));
  const half = await screen.findByTestId('receipt-row-1491');
  expect(half.textContent).toContain('1 of 2 images updatedFailed');
  await user.click(half);
  expect(container('vpn')).toBe('vpnRuns from the old image');
  expect(container('probe')).toBe('probeUnknown');
  expect(screen.getByTestId('renewed-gluetun:v3').textContent).toContain('its own check failed 3 times');
  await user.click(half);
  const failed = screen.getByTestId('receipt-row-1490');
  expect(failed.textContent).toContain('Image not updatedFailed');
  await user.click(failed);
  expect(screen.getByTestId('renewed-nginx:latest').textContent).toContain('3f8a91c05d27no new image');
  expect(screen.getByTestId('renewed-nginx:latest').textContent).toContain('toomanyrequests');
  expect(container('web')).toBe('webRuns from the old image');
  expect(container('old-site')).toBe('old-siteNot running, old image');
});

it('calls a container well only where it runs from the new image', () => {
  const well = renewed('a:1', []);
  const not = { ...well, problem: 'it was interrupted' };
  const of = (imageId: string | null, running: boolean, image = well) => standingOf({ name: 'a', imageId, running, follows: false }, image).tone;
  expect(of(NEW_ID, true)).toBe('ok');
  expect(of(OLD_ID, true)).toBe('caution');
  expect(of('sha256:else', true)).toBe('caution');
  expect(of(NEW_ID, false)).toBe('mute');
  expect(of(NEW_ID, false, not)).toBe('error');
  expect(of(null, false, not)).toBe('mute');
});

it('counts an image only where all of it is done', () => {
  const { good, half, failed } = IMAGE_RECEIPTS;
  expect([good, half, failed].map(whatOf)).toEqual(['2 images updated', '1 of 2 images updated', 'Image not updated']);
  expect(whatOf({ ...good, images: good.images.slice(0, 1) })).toBe('1 image updated');
  expect(whatOf({ ...good, images: [...failed.images, ...failed.images] })).toBe('None of 2 images updated');
});

it('of images stands in the history of its LXC too', async () => {
  const { user } = await open((host) => {
    host.answers.guest_details = () => ({ ...details(100), receipts: [IMAGE_RECEIPTS.half] });
  });
  await user.click(row('ubuntu-docker-01'));
  await user.click(screen.getByTestId('tab-history'));
  expect((await screen.findByTestId('history-1491')).textContent).toContain('1 of 2 images updatedFailed');
  expect(container('vpn')).toBe('vpnRuns from the old image');
});

it('of images stands beside the job that left it', async () => {
  const shown = operation(1492, 'updateImages', 'ubuntu-docker-01', { succeeded: 1 }, { endedAt: 1 });
  await open((host) => {
    const before = host.answers.snapshot;
    host.answers.snapshot = async (request) => ({ ...(await before(request)), operations: [shown] });
    host.answers.operation_details = () => ({ operation: shown, jobs: [job(100, 'updateImages', 'succeeded', ['running'])], ...PLANNED });
    host.answers.job_receipt = () => ({ receipt: IMAGE_RECEIPTS.good });
  });
  act(() => go({ view: 'operation', id: 'o-1492', job: null }));
  expect(await screen.findByTestId('receipt-1492')).toBeTruthy();
  expect(screen.getAllByText('Images updated').length).toBeGreaterThan(0);
});
