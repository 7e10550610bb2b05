// The audit: what it shows, how it is searched, read on, and what it says when there is nothing or it cannot be read.
import { screen, waitFor, within } from '@testing-library/react';
import { expect, it } from 'vitest';
import { AUDIT } from './fixtures/work';
import { failure, type MemoryHost } from './host';
import { open } from './open';

async function openAudit(prepare: (host: MemoryHost) => void = () => undefined) {
  const opened = await open(prepare);
  await opened.user.click(screen.getByTestId('view-audit'));
  await screen.findByTestId('audit');
  return opened;
}

const rows = () => [...screen.getByTestId('audit').querySelectorAll('[data-act]')].map((row) => Number(row.getAttribute('data-testid')?.slice('audit-'.length)));

it('shows each act: when, who, what, target, outcome, plan', async () => {
  const { host } = await openAudit();
  const approved = await screen.findByTestId('audit-45');
  expect(host.requests('read_audit')).toEqual([{ search: '', before: null, limit: 100 }]);
  expect(rows()).toEqual([47, 46, 45, 44, 43]);
  const cells = within(approved).getAllByRole('cell').map((cell) => cell.textContent);
  expect(cells.slice(1)).toEqual(['ada', 'Approved a planapprove plan', '5 LXCs', 'approved', '5c0e-917a']);
  expect(screen.getByTestId('audit-47').textContent).toContain('Copied the agentssh.copy');
  expect(screen.getByTestId('audit-44').textContent).toContain('failed to get the init pid');
  expect(screen.getByTestId('audit-44').querySelector('.status.error')).not.toBeNull();
  expect(screen.getByTestId('audit-47').querySelector('.status.error')).toBeNull();
});

it('opens the detail by key, and closes it', async () => {
  const { user } = await openAudit();
  const button = within(await screen.findByTestId('audit-44')).getByRole('button');
  button.focus();
  await user.keyboard('{Enter}');
  expect(screen.getByTestId('audit-detail-44').textContent).toContain('lxc-attach -n 203 --clear-env -- /bin/sh -s');
  expect(button.getAttribute('aria-expanded')).toBe('true');
  await user.keyboard('{Enter}');
  expect(screen.queryByTestId('audit-detail-44')).toBeNull();
  await user.click(screen.getByTestId('audit-46'));
  expect(screen.getByTestId('audit-detail-46').textContent).toContain('operation 1481');
});

it('lets Rust search, once for what was typed, and says when nothing matches', async () => {
  const { user, host } = await openAudit();
  await screen.findByTestId('audit-45');
  await user.type(screen.getByTestId('audit-search'), 'cluster');
  await waitFor(() => expect(rows()).toEqual([43]));
  expect(host.requests('read_audit').at(-1)).toEqual({ search: 'cluster', before: null, limit: 100 });
  expect(host.requests('read_audit').length).toBeLessThan('cluster'.length);
  await user.type(screen.getByTestId('audit-search'), 'zzz');
  expect((await screen.findByTestId('audit-no-match')).textContent).toContain('clusterzzz');
  await user.keyboard('{Escape}');
  await waitFor(() => expect(rows()).toHaveLength(AUDIT.length));
});

it('reads older entries on, without one twice', async () => {
  const { user, host } = await openAudit((host) => {
    const answer = host.answers.read_audit;
    host.answers.read_audit = (request) => answer({ ...request, limit: 2 });
  });
  await screen.findByTestId('audit-47');
  expect(rows()).toEqual([47, 46]);
  expect(screen.getByTestId('audit-count').textContent).toBe('The newest 2');
  await user.click(screen.getByTestId('audit-more'));
  await waitFor(() => expect(rows()).toEqual([47, 46, 45, 44]));
  expect(host.requests('read_audit').at(-1)?.before).toBe(46);
  await user.click(screen.getByTestId('audit-more'));
  await waitFor(() => expect(rows()).toEqual([47, 46, 45, 44, 43]));
  expect(screen.queryByTestId('audit-more')).toBeNull();
  expect(screen.getByTestId('audit-count').textContent).toBe('5 in all');
});

it('an answer to an older search does not take the place of a newer one', async () => {
  let late = (): void => undefined;
  const { user } = await openAudit((host) => {
    const answer = host.answers.read_audit;
    host.answers.read_audit = async (request) => {
      if (request.search === 'ssh') await new Promise<void>((done) => (late = done));
      return answer(request);
    };
  });
  await screen.findByTestId('audit-45');
  await user.type(screen.getByTestId('audit-search'), 'ssh');
  await waitFor(() => expect(late.toString()).not.toBe('() => void 0'));
  await user.clear(screen.getByTestId('audit-search'));
  await user.type(screen.getByTestId('audit-search'), 'cluster.add');
  await waitFor(() => expect(rows()).toEqual([43]));
  late();
  await Promise.resolve();
  expect(rows()).toEqual([43]);
});

it('says that nothing is recorded yet', async () => {
  await openAudit((host) => {
    host.answers.read_audit = () => ({ entries: [], more: false });
  });
  expect((await screen.findByTestId('audit-none')).textContent).toContain('Nothing recorded yet');
});

it('says why it cannot be read, and tries again', async () => {
  const { user, host } = await openAudit((host) => {
    host.answers.read_audit = () => {
      throw failure('internal', 'The database does not answer.', 'disk I/O error');
    };
  });
  expect((await screen.findByTestId('audit-error')).textContent).toContain('disk I/O error');
  host.answers.read_audit = () => ({ entries: AUDIT, more: false });
  await user.click(within(screen.getByTestId('audit-error')).getByText('Try again'));
  await screen.findByTestId('audit-47');
  expect(screen.queryByTestId('audit-error')).toBeNull();
});

it('is reached by Ctrl 6', async () => {
  const { user } = await open();
  await user.keyboard('{Control>}6{/Control}');
  expect(await screen.findByTestId('audit-47')).toBeTruthy();
  expect(screen.getByTestId('view-audit').getAttribute('aria-current')).toBe('page');
});
