// An operation over many LXCs: the grid, its filters, a thousand rows, and trying again what failed.
import { screen, waitFor, within } from '@testing-library/react';
import { expect, it } from 'vitest';
import type { Job } from '../src/bindings/Job';
import type { Operation } from '../src/bindings/Operation';
import type { OperationKind } from '../src/bindings/OperationKind';
import { go } from '../src/app/place';
import { guestId, NOW } from './fixtures/fleet';
import { countsOf, job, manyJobs, operation, PLANNED } from './fixtures/work';
import { frame, open, type Opened } from './open';

async function openOver(jobs: Job[], kind: OperationKind = 'enrol', part: Partial<Operation> = { endedAt: NOW }): Promise<Opened> {
  const opened = await open((host) => {
    const shown = operation(1490, kind, 'Homelab Cluster 1', countsOf(jobs), part);
    host.answers.snapshot = ((before) => async (request) => ({ ...(await before(request)), operations: [shown] }))(host.answers.snapshot);
    host.answers.operation_details = () => ({ operation: shown, jobs, ...PLANNED });
  });
  await opened.user.click(screen.getByTestId('operation-1490'));
  await screen.findByTestId('jobs');
  return opened;
}

const drawn = () => [...screen.getByTestId('jobs').querySelectorAll<HTMLElement>('[data-testid^="job-"]')];
const heads = () => within(screen.getByTestId('jobs')).getAllByRole('columnheader').map((head) => head.textContent);

it('draws a row an LXC with a named glyph a step, and at the end what it does or what went wrong', async () => {
  await openOver([
    job(100, 'update', 'running', ['running', null, '2 packages', '62 %, 29 of 44 MB']),
    job(300, 'update', 'failed', ['running', null, '2 packages', '92 MB', '2 packages', 'no answer'], { problem: { what: 'It does not run.', words: 'migration failed', next: null } }),
    job(101, 'update', 'failed', ['running', 'gone'], { problem: { what: 'The agent of debian-pihole went away.', words: null, next: null } }),
    job(200, 'update', 'waiting', [null]),
  ], 'update', {});
  const running = screen.getByTestId('job-100');
  expect(within(running).getByTestId('step-download').textContent).toBe('Running, 62 %, 29 of 44 MB');
  expect(within(running).getByTestId('step-apply').textContent).toBe('Waiting');
  expect(running.textContent).toContain('Downloading · 62 %, 29 of 44 MB');
  expect(screen.getByTestId('job-300').textContent).toContain('migration failed');
  expect(within(screen.getByTestId('job-300')).getByTestId('step-record').textContent).toContain('Not reached');
  expect(screen.getByTestId('job-101').textContent).toContain('The agent of debian-pihole went away.');
  expect(screen.getByTestId('operation-summary').textContent).toBe('0 of 4 LXCs done, 2 failed');
});

it('keeps words in the cells of a single job', async () => {
  await openOver([job(100, 'enrol', 'running', ['stopped', 'UPID:pve1:000007D0:171767EC:6B03A7FF:vzstart:100:redflag@pve!desktop:', '2.9 MB'])], 'enrol', {});
  expect(within(screen.getByTestId('job-100')).getByTestId('step-copy').textContent).toBe('2.9 MB');
  expect(within(screen.getByTestId('job-100')).getByTestId('step-start').textContent).toBe('Done');
  expect(screen.queryByTestId('operation-summary')).toBeNull();
  expect(screen.queryByRole('group', { name: 'Shown by state' })).toBeNull();
});

it('shows starting and stopping only where a job came to it', async () => {
  const { host } = await openOver([job(100, 'enrol', 'succeeded', ['running']), job(104, 'enrol', 'waiting', [null])]);
  expect(heads()).not.toContain('Start');
  host.send({ kind: 'job', operation: 'o-1490', job: job(104, 'enrol', 'running', ['stopped', 'starting']) });
  await frame();
  expect(heads()).toEqual(['LXC', 'Check', 'Start', 'Copy', 'Configure', 'Install', 'Report', 'Clean up', 'Stop', 'Now', 'Time']);
  expect(within(screen.getByTestId('job-100')).getByTestId('step-start').textContent).toBe('Not needed');
});

it('shows all steps of a restart that was asked for as such, also before it comes to them', async () => {
  await openOver([job(100, 'restartGuest', 'running', ['running', 'shutting down']), job(101, 'restartGuest', 'waiting', [null])], 'restartGuest', {});
  expect(heads()).toEqual(['LXC', 'Check', 'Restart', 'Now', 'Time']);
  expect(within(screen.getByTestId('job-100')).getByTestId('step-restartGuest').textContent).toBe('Running, shutting down');
  expect(screen.getByTestId('job-100').textContent).toContain('Restarting');
});

it('keeps the step of a restart that nobody has come to yet', async () => {
  await openOver([job(100, 'restartGuest', 'succeeded', ['running', null]), job(101, 'restartGuest', 'waiting', [null])], 'restartGuest');
  expect(heads()).toContain('Restart');
  expect(screen.getByTestId('operation-summary').textContent).toContain('1 of 2 LXCs restarted');
});

it('sums up an update of images in words that fit a number of LXCs', async () => {
  await openOver([job(100, 'updateImages', 'succeeded', ['running']), job(300, 'updateImages', 'failed', ['running', null, null, '67 MB', 'it is unhealthy'])], 'updateImages');
  expect(screen.getByTestId('operation-summary').textContent).toBe('1 of 2 LXCs done, 1 failed');
  expect(screen.getByTestId('job-100').textContent).toContain('Images updated');
});

it('filters by state, several at once, and back', async () => {
  const { user } = await openOver(manyJobs(100));
  expect(screen.getByTestId('operation-summary').textContent).toBe('97 of 100 LXCs connected, 2 failed');
  await user.click(screen.getByTestId('count-failed'));
  expect(drawn().map((row) => row.dataset['state'])).toEqual(['failed', 'failed']);
  expect(screen.getByTestId('filter-shown').textContent).toContain('2 of 100 shown');
  await user.click(screen.getByTestId('count-skipped'));
  expect(drawn()).toHaveLength(3);
  expect(screen.getByTestId('count-skipped').getAttribute('aria-pressed')).toBe('true');
  await user.click(screen.getByTestId('filter-all'));
  expect(drawn().length).toBeGreaterThan(10);
  expect(screen.queryByTestId('filter-all')).toBeNull();
});

it('says so when nobody is in the chosen state any more, and keeps the way back', async () => {
  const waiting = job(100, 'scan', 'running', ['running']);
  const { user, host } = await openOver([waiting, job(101, 'scan', 'succeeded', ['running'])], 'scan', {});
  await user.click(screen.getByTestId('count-running'));
  expect(drawn()).toHaveLength(1);
  host.send({ kind: 'job', operation: 'o-1490', job: job(100, 'scan', 'succeeded', ['running']) });
  host.send({ kind: 'operation', operation: operation(1490, 'scan', 'x', { succeeded: 2 }, { endedAt: NOW }) });
  await frame();
  expect(drawn()).toHaveLength(0);
  expect(screen.getByTestId('filter-shown').textContent).toContain('None of these now.');
  await user.click(screen.getByTestId('count-running'));
  expect(drawn()).toHaveLength(2);
});

it('draws a thousand jobs as a screenful, goes through them by keys, and draws one row for one event', async () => {
  const jobs = manyJobs(1000);
  const { user, host } = await openOver(jobs);
  expect(screen.getByTestId('jobs').getAttribute('aria-rowcount')).toBe('1001');
  expect(drawn().length).toBeLessThan(60);
  const failed = screen.getByTestId('job-5007');
  expect(failed.getAttribute('aria-selected')).toBe('true');
  expect(failed.tabIndex).toBe(0);
  failed.focus();
  await user.keyboard('{ArrowDown}');
  expect(document.activeElement).toBe(screen.getByTestId('job-5008'));
  await user.keyboard('{Home}');
  expect(document.activeElement).toBe(screen.getByTestId('job-5000'));
  await user.keyboard('{PageDown}');
  const after = Number(document.activeElement?.getAttribute('aria-rowindex'));
  expect(after).toBeGreaterThan(10);
  await user.keyboard('{End}');
  await waitFor(() => expect(document.activeElement).toBe(screen.getByTestId('job-5999')));
  expect(drawn().length).toBeLessThan(60);
  const other = screen.getByTestId('job-5000');
  host.send({ kind: 'job', operation: 'o-1490', job: { ...(jobs[999] as Job), state: 'failed', problem: { what: 'Gone.', words: null, next: null } } });
  await frame();
  expect(screen.getByTestId('job-5999').dataset['state']).toBe('failed');
  expect(screen.getByTestId('job-5000')).toBe(other);
});

it('tries again what failed, was interrupted or stopped, with a plan of the same kind', async () => {
  const { user, host } = await openOver([
    job(100, 'enrol', 'failed', ['running']), job(101, 'enrol', 'succeeded', ['running']),
    job(104, 'enrol', 'waiting', [null], { state: 'interrupted' }), job(200, 'enrol', 'waiting', [null], { state: 'cancelled' }), job(201, 'enrol', 'waiting', [null], { state: 'skipped' }),
  ]);
  expect(screen.getByTestId('operation-retry').textContent).toBe('Retry failed…3');
  await user.click(screen.getByTestId('operation-retry'));
  const plan = await screen.findByTestId('plan-approve');
  expect(host.requests('make_plan')).toEqual([{
    kind: 'enrol', targets: [100, 104, 200].map((vmid) => ({ kind: 'guest', guest: guestId(vmid) })), only: { kind: 'all' }, allowed: { start: false, takeOver: false, shell: false, removals: false, engine: false }, canary: false, stopPercent: null,
  }]);
  await user.click(plan);
  await waitFor(() => expect(screen.queryByTestId('plan')).toBeNull());
  expect(screen.queryByTestId('tree')).toBeNull();
});

it.each(['update', 'restartAgent', 'removeAgent', 'restartGuest'] as const)('tries %s again with a plan', async (kind) => {
  const { user, host } = await openOver([job(100, kind, 'failed', ['running']), job(101, kind, 'succeeded', ['running'])], kind);
  await user.click(screen.getByTestId('operation-retry'));
  await screen.findByTestId('plan-approve');
  expect(host.requests('make_plan')).toMatchObject([{ kind, targets: [{ kind: 'guest', guest: guestId(100) }] }]);
});

it('scans again without a plan, and shows the new operation', async () => {
  const { user, host } = await openOver([job(100, 'scan', 'failed', ['running'])], 'scan');
  host.answers.start_scan = () => ({ operation: 'o-1490' });
  await user.click(screen.getByTestId('operation-retry'));
  await waitFor(() => expect(host.requests('start_scan')).toEqual([{ targets: [{ kind: 'guest', guest: guestId(100) }] }]));
  expect(host.requests('make_plan')).toEqual([]);
  expect((await screen.findByTestId('notice-ok')).textContent).toContain('Scan of 1 LXC started.');
});

it('offers no second try while it runs, nor when all went well', async () => {
  const { host } = await openOver([job(100, 'enrol', 'failed', ['running']), job(101, 'enrol', 'running', ['running'])], 'enrol', {});
  expect(screen.queryByTestId('operation-retry')).toBeNull();
  host.send({ kind: 'operation', operation: operation(1490, 'enrol', 'x', { failed: 1, succeeded: 1 }, { endedAt: NOW }) });
  await frame();
  expect(screen.getByTestId('operation-retry')).toBeTruthy();
  go({ view: 'fleet' });
  await frame();
});

it('calls it stopped where nothing failed', async () => {
  await openOver([job(100, 'update', 'succeeded', ['running']), job(101, 'update', 'waiting', [null], { state: 'cancelled' })], 'update');
  expect(screen.getByTestId('operation-retry').textContent).toBe('Retry stopped…');
});

it('tries left out LXCs again apart from the failed ones, and says why without the name twice', async () => {
  const { user, host } = await openOver([
    job(100, 'enrol', 'failed', ['running']),
    job(200, 'enrol', 'waiting', [null], { state: 'skipped', problem: { what: 'nextcloud: pve2 does not answer', words: null, next: null } }),
  ]);
  const left = screen.getByTestId('job-200');
  expect(left.textContent).toContain('Left out · pve2 does not answer');
  expect(within(left).getByTestId('step-check').textContent).toContain('Not reached');
  await user.click(screen.getByTestId('operation-retry-left-out'));
  await screen.findByTestId('plan-approve');
  expect(host.requests('make_plan')).toMatchObject([{ kind: 'enrol', targets: [{ kind: 'guest', guest: guestId(200) }] }]);
});
