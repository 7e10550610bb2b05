// The view with all updates of the fleet: groups, LXCs, what can be done everywhere, what is approved, the rules.
import { screen, waitFor, within } from '@testing-library/react';
import { expect, it } from 'vitest';
import { C1, C2, guestId, NOW } from './fixtures/fleet';
import { group, manyGroups, pending } from './fixtures/updates';
import { failure, type MemoryHost } from './host';
import { open } from './open';

async function openUpdates(prepare: (host: MemoryHost) => void = () => undefined) {
  const opened = await open(prepare);
  await opened.user.click(screen.getByTestId('view-updates'));
  await screen.findByTestId('updates-view');
  return opened;
}

const sources = () => [...screen.getByTestId('updates-list').querySelectorAll('[data-source]')].map((row) => row.getAttribute('data-source'));
const target = (vmid: number) => ({ kind: 'guest', guest: guestId(vmid) });

async function menuOf(user: Awaited<ReturnType<typeof open>>['user'], source: string) {
  await user.pointer({ keys: '[MouseRight]', target: screen.getByTestId(`group-${source}`) });
  return within(await screen.findByTestId('menu'));
}

it('groups the updates by source package, the most urgent first', async () => {
  await openUpdates();
  const openssl = await screen.findByTestId('group-openssl');
  expect(sources()).toEqual(['grafana', 'openssl', 'containerd.io', 'imagemagick', 'php8.2', 'tzdata']);
  expect(openssl.textContent).toContain('2 packages');
  expect(openssl.textContent).toContain('3.0.14-1~deb12u2');
  expect(openssl.textContent).toContain('2 of 2 approved');
  expect(screen.getByTestId('group-grafana').textContent).toContain('several11.4.0High');
  expect(screen.getByTestId('updates-sums').textContent).toBe('10 updates from 6 sources on 5 LXCs');
  expect(screen.getByTestId('view-updates').getAttribute('aria-current')).toBe('page');
});

it('leaves what is known from an earlier time only out of the sums', async () => {
  const { user } = await openUpdates();
  const lxcs = await screen.findByTestId('lxcs-tzdata');
  expect(lxcs.textContent).toBe('2 +1');
  await user.click(screen.getByTestId('group-tzdata'));
  const old = screen.getByTestId('below-310-tzdata');
  expect(old.textContent).toContain('From an earlier time');
  expect(within(old).getByRole('checkbox').hasAttribute('disabled')).toBe(true);
  expect(screen.getByTestId('below-200-tzdata').textContent).toContain('Ignored');
  expect(screen.getByTestId('below-101-tzdata').textContent).toContain('Approved');
});

it('opens a source package by key', async () => {
  const { user } = await openUpdates();
  await screen.findByTestId('group-php8.2');
  const button = screen.getByRole('button', { name: 'LXCs with php8.2' });
  button.focus();
  await user.keyboard('{Enter}');
  expect(button.getAttribute('aria-expanded')).toBe('true');
  expect(screen.getByTestId('below-200-php8.2-fpm').textContent).toContain('Held');
  await user.keyboard('{Enter}');
  expect(screen.queryByTestId('below-200-php8.2-fpm')).toBeNull();
});

it('groups by severity and by origin', async () => {
  const { user } = await openUpdates();
  await screen.findByTestId('group-openssl');
  await user.click(screen.getByTestId('updates-by-severity'));
  expect(screen.getByTestId('section-high').textContent).toBe('High2 updates, 1 source');
  expect(screen.getByTestId('section-securityUnrated').textContent).toContain('Security, without a grade');
  await user.click(screen.getByTestId('updates-by-origin'));
  expect(sources()).toEqual(['openssl', 'imagemagick', 'php8.2', 'tzdata', 'containerd.io', 'grafana']);
  expect(screen.getByTestId('section-Docker').textContent).toContain('1 update, 1 source');
});

it('finds by package, LXC and version, and says when nothing matches', async () => {
  const { user } = await openUpdates();
  await screen.findByTestId('group-openssl');
  await user.type(screen.getByTestId('updates-search'), 'pihole');
  expect(sources()).toEqual(['tzdata']);
  expect(screen.getByTestId('lxcs-tzdata').textContent).toBe('1');
  await user.clear(screen.getByTestId('updates-search'));
  await user.type(screen.getByTestId('updates-search'), 'libssl3 nextcloud');
  expect(sources()).toEqual(['openssl']);
  await user.type(screen.getByTestId('updates-search'), 'zzz');
  expect(screen.getByTestId('updates-no-match').textContent).toContain('zzz');
  await user.keyboard('{Escape}');
  expect(sources()).toHaveLength(6);
});

it('approves a source package everywhere, by its tick and by its menu', async () => {
  const { user, host } = await openUpdates();
  await user.click(await screen.findByTestId('tick-grafana'));
  const asked = { targets: [target(300), target(202)], only: { kind: 'packages', names: ['grafana'] } };
  await waitFor(() => expect(host.requests('approve_updates')).toEqual([asked]));
  await user.click((await menuOf(user, 'grafana')).getByTestId('action-approve-everywhere'));
  await waitFor(() => expect(host.requests('approve_updates')).toEqual([asked, asked]));
  expect((await menuOf(user, 'imagemagick')).getByTestId('action-approve-everywhere').textContent).toContain('Held or kept back everywhere');
});

it('names nothing to an LXC that ignores it, though another one has it', async () => {
  const { user, host } = await openUpdates((host) => {
    host.answers.fleet_updates = () => ({
      groups: [group('php8.2', [pending(200, 'php8.2-common', '1', '2'), pending(200, 'php8.2-fpm', '1', '2', { rule: 'ignore' }), pending(101, 'php8.2-common', '1', '2'), pending(101, 'php8.2-fpm', '1', '2')])],
    });
  });
  await user.click(await screen.findByTestId('tick-php8.2'));
  await waitFor(() => expect(host.requests('approve_updates')).toEqual([
    { targets: [target(200)], only: { kind: 'packages', names: ['php8.2-common'] } },
    { targets: [target(101)], only: { kind: 'packages', names: ['php8.2-common', 'php8.2-fpm'] } },
  ]));
  await user.click((await menuOf(user, 'php8.2')).getByTestId('action-install-everywhere'));
  await screen.findByTestId('plan-approve');
  expect(host.requests('make_plan')).toMatchObject([{ targets: [target(101)] }]);
});

it('withdraws by the tick what is approved', async () => {
  const { user, host } = await openUpdates();
  const tick = await screen.findByTestId('tick-openssl');
  expect(tick.getAttribute('aria-checked')).toBe('true');
  await user.click(tick);
  await waitFor(() => expect(host.requests('withdraw_approvals')).toEqual([{ approvals: ['a-200-openssl', 'a-200-libssl3'] }]));
});

it('makes a plan for a source package everywhere, of what is not set aside', async () => {
  const { user, host } = await openUpdates();
  await screen.findByTestId('group-php8.2');
  await user.click((await menuOf(user, 'php8.2')).getByTestId('action-install-everywhere'));
  await screen.findByTestId('plan-approve');
  expect(host.requests('make_plan')).toMatchObject([{ kind: 'update', targets: [target(200)], only: { kind: 'packages', names: ['php8.2-common'] } }]);
});

it('sets a rule for each cluster that is concerned', async () => {
  const { user, host } = await openUpdates();
  await screen.findByTestId('group-grafana');
  await user.click(screen.getByTestId('more-grafana'));
  await user.click(within(await screen.findByTestId('menu')).getByTestId('action-hold'));
  await waitFor(() => expect(host.requests('set_rule')).toEqual([C2, C1].map((cluster) => ({ scope: { kind: 'cluster', cluster }, package: 'grafana', kind: 'hold', until: null }))));
  await user.click((await menuOf(user, 'php8.2')).getByTestId('action-snooze-day'));
  await waitFor(() => expect(host.requests('set_rule').slice(2)).toEqual(['php8.2-common', 'php8.2-fpm'].map((name) => ({ scope: { kind: 'cluster', cluster: C1 }, package: name, kind: 'snooze', until: NOW + 86_400_000 }))));
});

it('fetches the changelog from an LXC that answers', async () => {
  const { user, host } = await openUpdates();
  await screen.findByTestId('group-openssl');
  await user.click((await menuOf(user, 'openssl')).getByTestId('action-changelog'));
  await screen.findByTestId('changelog-text');
  expect(host.requests('read_changelog')).toEqual([{ guest: guestId(200), package: 'openssl' }]);
  await user.keyboard('{Escape}');
  await waitFor(() => expect(screen.queryByTestId('changelog')).toBeNull());
  expect((await menuOf(user, 'grafana')).getByTestId('action-changelog').textContent).toContain('None of its LXCs answers now');
});

it('draws only what is on the screen of a long list', async () => {
  const { user } = await openUpdates((host) => {
    host.answers.fleet_updates = manyGroups;
  });
  await screen.findByTestId('group-package-0');
  await user.click(screen.getByTestId('group-package-0'));
  const rows = screen.getByTestId('updates-list').querySelectorAll('[role="row"]').length;
  expect(rows).toBeGreaterThan(10);
  expect(rows).toBeLessThan(80);
  expect(screen.getByRole('table', { name: 'Updates' }).getAttribute('aria-rowcount')).toBe('1101');
});

it('reads again when approvals changed, and says why it cannot be read', async () => {
  const { user, host } = await openUpdates();
  await screen.findByTestId('group-openssl');
  const reads = host.requests('fleet_updates').length;
  host.answers.fleet_updates = () => {
    throw failure('internal', 'The database does not answer.');
  };
  host.send({ kind: 'approvals' });
  await waitFor(() => expect(host.requests('fleet_updates').length).toBe(reads + 1));
  const error = await screen.findByTestId('updates-error');
  expect(error.textContent).toContain('The database does not answer.');
  host.answers.fleet_updates = () => ({ groups: [] });
  await user.click(within(error).getByText('Try again'));
  expect((await screen.findByTestId('updates-none')).textContent).toContain('No pending updates are known');
});

it('lists what is approved, and withdraws it', async () => {
  const { user, host } = await openUpdates();
  await user.click(screen.getByTestId('updates-part-approved'));
  const line = await screen.findByTestId('approval-a-101-tzdata');
  expect(line.textContent).toContain('Approved by grace: debian-pihole');
  await user.click(within(line).getByRole('button', { name: 'Withdraw the approval of tzdata for debian-pihole' }));
  await waitFor(() => expect(host.requests('withdraw_approvals')).toEqual([{ approvals: ['a-101-tzdata'] }]));
  host.answers.approvals = () => ({ approvals: [] });
  host.send({ kind: 'approvals' });
  expect(await screen.findByTestId('approved-none')).toBeTruthy();
});

it('lists the rules, and removes one', async () => {
  const { user, host } = await openUpdates();
  await user.click(screen.getByTestId('updates-part-rules'));
  expect((await screen.findByTestId('rule-row-rule-2')).textContent).toContain('php8.2-fpmHeldpve2grace');
  expect(screen.getByTestId('rule-row-rule-3').textContent).toContain('All packagesSnoozed until 29 Nov 2026Homelab Cluster 1');
  await user.click(screen.getByRole('button', { name: 'Remove the rule about php8.2-fpm for pve2' }));
  await waitFor(() => expect(host.requests('remove_rule')).toEqual([{ rule: 'rule-2' }]));
});

it('is reached by Ctrl 2', async () => {
  const { user } = await open();
  await user.keyboard('{Control>}2{/Control}');
  expect(await screen.findByTestId('group-openssl')).toBeTruthy();
});
