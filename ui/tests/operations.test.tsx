// Operations: the drawer, the steps as they move, the log, what went wrong, stopping.
import { screen, waitFor, within } from '@testing-library/react';
import { expect, it } from 'vitest';
import type { LogLine } from '../src/bindings/LogLine';
import { NOW } from './fixtures/fleet';
import { job, LOG, operation, RECEIPTS } from './fixtures/work';
import { frame, open, row } from './open';

it('shows the newest operations in the drawer, and Ctrl J closes it', async () => {
  const { user, host } = await open();
  expect(screen.getByTestId('operation-1483').textContent).toContain('Downloading');
  expect(screen.getByTestId('operation-1480').textContent).toContain('Done');
  host.send({ kind: 'operation', operation: operation(1484, 'scan', 'pve1', { waiting: 3 }) });
  await frame();
  expect(screen.getByTestId('operation-1484').textContent).toContain('Waiting');
  await user.keyboard('{Control>}j{/Control}');
  expect(screen.queryByTestId('operation-1484')).toBeNull();
});

it('follows a job step by step', async () => {
  const { user, host } = await open();
  await user.click(screen.getByTestId('operation-1483'));
  const running = await screen.findByTestId('job-100');
  expect(within(running).getByTestId('step-download').dataset['state']).toBe('running');
  host.send({ kind: 'job', operation: 'o-1483', job: job(100, 'update', 'succeeded', [null, null, null, '44 MB', '2 packages', 'sound', null]) });
  await frame();
  expect(within(screen.getByTestId('job-100')).getByTestId('step-apply').textContent).toBe('Done, 2 packages');
  expect(screen.getByTestId('job-100').dataset['state']).toBe('succeeded');
});

it('shows first what failed: what, whose words, what next', async () => {
  const { user } = await open();
  await user.click(screen.getByTestId('operation-1483'));
  const problem = await screen.findByTestId('job-problem');
  expect(problem.textContent).toContain('does not run in monitoring');
  expect(problem.textContent).toContain('duplicate column');
  expect(problem.textContent).toContain('Next:');
  expect(screen.getByTestId('job-300').getAttribute('aria-selected')).toBe('true');
});

it('reads a log to its end, and again when there is more, without a line lost or doubled', async () => {
  const lines: LogLine[] = [...LOG];
  const { user, host } = await open((host) => {
    host.answers.read_log = ({ after }) => ({ lines: lines.slice(after, after + 4), total: lines.length });
  });
  await user.click(screen.getByTestId('operation-1483'));
  await waitFor(() => expect(screen.getByTestId('log').children).toHaveLength(LOG.length));
  const more: LogLine = { at: NOW, level: 'error', text: 'the last words' };
  lines.push(more);
  host.send({ kind: 'log', job: 'j-300', lines: [more] });
  await waitFor(() => expect(screen.getByTestId('log').children).toHaveLength(LOG.length + 1));
  expect(screen.getByTestId('log').lastElementChild?.textContent).toContain('the last words');
});

it('stops an operation and says so', async () => {
  const { user, host } = await open();
  await user.click(screen.getByTestId('operation-1483'));
  await user.click(await screen.findByTestId('operation-cancel'));
  expect(host.requests('cancel_operation')).toEqual([{ operation: 'o-1483' }]);
  host.send({ kind: 'operation', operation: operation(1483, 'update', '4 LXCs', { running: 1, waiting: 3 }, { cancelling: true }) });
  await frame();
  expect((screen.getByTestId('operation-cancel') as HTMLButtonElement).disabled).toBe(true);
});

it('shows the receipt of an update that has ended', async () => {
  const { user } = await open((host) => {
    host.answers.job_receipt = () => ({ receipt: RECEIPTS[0] ?? null });
  });
  await user.click(screen.getByTestId('operation-1483'));
  const receipt = await screen.findByTestId('receipt-1461');
  expect(within(receipt).getByTestId('change-curl').textContent).toContain('7.88.1-10+u7');
});

it('keeps the receipts of a guest in its history', async () => {
  const { user } = await open();
  await user.click(row('nextcloud'));
  await user.click(screen.getByTestId('tab-history'));
  const first = await screen.findByTestId('receipt-1461');
  for (const text of ['ada', '19e0-44bd', '48 s', 'libexpat1', '/etc/apache2/ports.conf', 'apache2.service']) expect(first.textContent).toContain(text);
  await user.click(screen.getByTestId('history-1444'));
  const failed = screen.getByTestId('receipt-1444');
  expect(failed.textContent).toContain('404 Not Found');
  expect(failed.textContent).toContain('Planned, not done');
  expect(screen.queryByTestId('receipt-1461')).toBeNull();
});
