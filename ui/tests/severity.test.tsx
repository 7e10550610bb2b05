// Approving and installing by severity: below a row of the tree, and of a section of all updates.
import { screen, waitFor, within } from '@testing-library/react';
import { expect, it } from 'vitest';
import type { FleetUpdate } from '../src/bindings/FleetUpdate';
import type { Severity } from '../src/bindings/Severity';
import { guestId } from './fixtures/fleet';
import { group, pending } from './fixtures/updates';
import { failure, type MemoryHost } from './host';
import { open, type Opened, row } from './open';

const target = (vmid: number) => ({ kind: 'guest', guest: guestId(vmid) });
const of = (vmid: number, severity: Severity, name: string, part: Partial<FleetUpdate> = {}) => pending(vmid, name, '1', '2', { severity, ...part });

/** Some of every kind: open, approved, held, set aside, of an earlier time. */
function graded(host: MemoryHost): void {
  host.answers.fleet_updates = () => ({
    groups: [
      group('openssl', [of(200, 'critical', 'openssl', { approved: true }), of(201, 'critical', 'openssl'), of(310, 'critical', 'openssl', { old: true }), of(300, 'critical', 'openssl')]),
      group('curl', [of(200, 'unknown', 'curl'), of(204, 'securityUnrated', 'curl', { rule: 'ignore' }), of(200, 'securityUnrated', 'libcurl4')], { severity: 'securityUnrated' }),
      group('tzdata', [of(200, 'unknown', 'tzdata'), of(100, 'unknown', 'tzdata')]),
      group('vim', [of(200, 'low', 'vim', { blocked: { kind: 'held' } }), of(203, 'low', 'vim', { rule: 'hold' })]),
      group('nginx', [of(200, 'high', 'nginx', { approved: true })]),
    ],
  });
}

async function below(user: Opened['user'], name: string) {
  await user.pointer({ keys: '[MouseRight]', target: row(name) });
  await user.click(await screen.findByTestId('action-by-severity'));
  await waitFor(() => expect(screen.queryByTestId('action-by-severity')).toBeNull());
  return within(await screen.findByTestId('menu'));
}

const labels = () => within(screen.getByTestId('menu')).getAllByRole('menuitem').map((item) => item.children[1]?.textContent);

it('lists what is open below a row, the most urgent first, and never calls ungraded ones low', async () => {
  const { user } = await open(graded);
  const menu = await below(user, 'pve2');
  expect(screen.getByRole('menu', { name: 'pve2 · by severity' })).toBeTruthy();
  expect(labels()).toEqual([
    'Approve 1 critical', 'Install 2 critical…', 'Approve 1 high', 'Install 1 high…',
    'Approve 1 security, unrated', 'Install 1 security, unrated…', 'Approve 2 unknown', 'Install 2 unknown…',
  ]);
  expect(menu.getByTestId('action-approve-high').textContent).toContain('All are approved already');
  expect(menu.getByTestId('action-approve-securityUnrated').textContent).toContain('Nobody has said yet how urgent they are');
  expect(menu.getByTestId('action-install-unknown').textContent).toContain('No advisory says how urgent they are');
  await user.keyboard('{Escape}');
  await waitFor(() => expect(document.activeElement).toBe(row('pve2')));
});

it('approves exactly what it counted', async () => {
  const { user, host } = await open(graded);
  await user.click((await below(user, 'Homelab Cluster 1')).getByTestId('action-approve-critical'));
  await waitFor(() => expect(host.requests('approve_updates')).toEqual([{ targets: [target(201)], only: { kind: 'severities', severities: ['critical'] } }]));
});

it('makes a plan of one severity, and says who cannot have it now', async () => {
  const { user, host } = await open(graded);
  const menu = await below(user, 'Homelab Cluster 1');
  expect(menu.getByTestId('action-install-unknown').textContent).toContain('Install 3 unknown…');
  await user.click(menu.getByTestId('action-install-unknown'));
  await screen.findByTestId('plan-approve');
  expect(host.requests('make_plan')).toMatchObject([{ kind: 'update', targets: [target(200), target(100)], only: { kind: 'severities', severities: ['unknown'] } }]);
});

it('says of an LXC on which something runs why nothing can be installed', async () => {
  const { user } = await open(graded);
  const menu = await below(user, 'monitoring');
  expect(labels()).toEqual(['Approve 1 critical', 'Install 1 critical…']);
  expect(menu.getByTestId('action-install-critical').textContent).toContain('An operation runs on it');
});

it('means only what a filter shows', async () => {
  const { user, host } = await open(graded);
  await user.type(screen.getByTestId('filter'), 'nextcloud');
  const menu = await below(user, 'Homelab Cluster 1');
  expect(screen.getByRole('menu', { name: '1 LXC of Homelab Cluster 1 · by severity' })).toBeTruthy();
  await user.click(menu.getByTestId('action-install-critical'));
  await screen.findByTestId('plan-approve');
  expect(host.requests('make_plan')).toMatchObject([{ targets: [target(200)], only: { kind: 'severities', severities: ['critical'] } }]);
});

it.each([
  ['gitea', 'What is pending is of an earlier time, held, kept back or set aside'],
  ['jellyfin', 'What is pending is of an earlier time, held, kept back or set aside'],
  ['vaultwarden', 'Nothing is pending here'],
])('says that there is none for %s', async (name, why) => {
  const { user } = await open(graded);
  const menu = await below(user, name);
  expect(labels()).toEqual(['No updates by severity']);
  const only = menu.getByTestId('action-no-severity');
  expect(only.getAttribute('aria-disabled')).toBe('true');
  expect(only.textContent).toContain(why);
});

it('says why the updates cannot be read', async () => {
  const { user } = await open((host) => {
    host.answers.fleet_updates = () => {
      throw failure('internal', 'The database does not answer.');
    };
  });
  await user.pointer({ keys: '[MouseRight]', target: row('pve2') });
  await user.click(await screen.findByTestId('action-by-severity'));
  expect((await screen.findByTestId('notice-error')).textContent).toContain('The database does not answer.');
});

async function sections(prepare: (host: MemoryHost) => void = graded) {
  const opened = await open(prepare);
  await opened.user.click(screen.getByTestId('view-updates'));
  await screen.findByTestId('group-openssl');
  await opened.user.click(screen.getByTestId('updates-by-severity'));
  return opened;
}

async function menuOf(user: Opened['user'], severity: Severity) {
  await user.click(screen.getByTestId(`more-section-${severity}`));
  return within(await screen.findByTestId('menu'));
}

it('approves and installs a whole section, over every LXC of now', async () => {
  const { user, host } = await sections();
  expect(screen.getByRole('button', { name: 'More about Security, without a grade' })).toBeTruthy();
  const menu = await menuOf(user, 'critical');
  expect(screen.getByRole('menu', { name: 'Critical · 3 updates on 3 LXCs' })).toBeTruthy();
  expect(labels()).toEqual(['Approve all of this severity', 'Install all of this severity…']);
  expect(menu.getByTestId('action-install-critical').textContent).toContain('2 of 3 can be updated now. 3 updates on 3 LXCs');
  await user.click(menu.getByTestId('action-approve-critical'));
  await waitFor(() => expect(host.requests('approve_updates')).toEqual([{ targets: [target(201), target(300)], only: { kind: 'severities', severities: ['critical'] } }]));
  await user.pointer({ keys: '[MouseRight]', target: screen.getByTestId('section-critical') });
  await user.click(await screen.findByTestId('action-install-critical'));
  await screen.findByTestId('plan-approve');
  expect(host.requests('make_plan')).toMatchObject([{ kind: 'update', targets: [200, 201, 300].map(target), only: { kind: 'severities', severities: ['critical'] } }]);
});

it('takes along what stands under a graver update of its source', async () => {
  const { user, host } = await sections();
  await user.click((await menuOf(user, 'unknown')).getByTestId('action-approve-unknown'));
  await waitFor(() => expect(host.requests('approve_updates')).toEqual([{ targets: [target(200), target(100)], only: { kind: 'severities', severities: ['unknown'] } }]));
});

it('says why nothing of a section can be done, and gives the focus back to its button', async () => {
  const { user } = await sections();
  const menu = await menuOf(user, 'low');
  for (const id of ['approve-low', 'install-low']) {
    expect(menu.getByTestId(`action-${id}`).getAttribute('aria-disabled')).toBe('true');
    expect(menu.getByTestId(`action-${id}`).textContent).toContain('Held, kept back or set aside');
  }
  await user.keyboard('{Escape}');
  await waitFor(() => expect(document.activeElement).toBe(screen.getByTestId('more-section-low')));
  expect((await menuOf(user, 'high')).getByTestId('action-approve-high').textContent).toContain('All are approved already');
});

it('does not take along what a search hides', async () => {
  const { user, host } = await sections();
  await user.type(screen.getByTestId('updates-search'), 'tzdata');
  const hidden = await menuOf(user, 'unknown');
  expect(hidden.getByTestId('action-approve-unknown').textContent).toContain('The search hides some of them. Clear it first');
  expect(hidden.getByTestId('action-install-unknown').getAttribute('aria-disabled')).toBe('true');
  await user.keyboard('{Escape}');
  await user.clear(screen.getByTestId('updates-search'));
  await user.type(screen.getByTestId('updates-search'), 'ubuntu-docker');
  await user.click((await menuOf(user, 'unknown')).getByTestId('action-approve-unknown'));
  await waitFor(() => expect(host.requests('approve_updates')).toEqual([{ targets: [target(100)], only: { kind: 'severities', severities: ['unknown'] } }]));
});

it('has no such button for sections by origin', async () => {
  const { user } = await sections();
  await user.click(screen.getByTestId('updates-by-origin'));
  expect(within(screen.getByTestId('section-Debian')).queryByRole('button')).toBeNull();
});

it('says where all of a section is of an earlier time', async () => {
  const { user } = await sections((host) => {
    host.answers.fleet_updates = () => ({ groups: [group('openssl', [of(310, 'critical', 'openssl', { old: true })])] });
  });
  expect((await menuOf(user, 'critical')).getByTestId('action-approve-critical').textContent).toContain('From an earlier time');
});
