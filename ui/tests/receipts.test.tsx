// The history over the fleet: receipts, their search and paging, and how they are written to a file.
import { screen, waitFor, within } from '@testing-library/react';
import { expect, it } from 'vitest';
import { RECEIPT_ROWS } from './fixtures/updates';
import { failure, type MemoryHost } from './host';
import { open } from './open';

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
