// Approving updates in the panel, rules about them, changelogs.
import { screen, waitFor, within } from '@testing-library/react';
import { expect, it } from 'vitest';
import { action, type ActionId } from '../src/actions/registry';
import { scopeOfGuests } from '../src/actions/scope';
import { fromSnapshot } from '../src/live/fleet';
import { C1, FLEET, guestId, NOW } from './fixtures/fleet';
import { APPLIED, APPROVALS } from './fixtures/updates';
import { details, PLAN } from './fixtures/work';
import { failure, type MemoryHost } from './host';
import { frame, open, row } from './open';

const DAY = 86_400_000;
const guest = (vmid: number) => ({ kind: 'guest', guest: guestId(vmid) });

/** Two updates of nextcloud are approved, one is ignored, one is held for its node. */
function prepared(host: MemoryHost): void {
  host.answers.guest_details = ({ guest }) => ({ ...details(Number(guest.slice(-12))), approvals: APPROVALS.filter((one) => one.guest === guest), rules: guest === guestId(200) ? APPLIED : [] });
  const guests = FLEET.guests.map((one) => (one.vmid === 200 ? { ...one, approved: 2 } : one.vmid === 101 ? { ...one, approved: 1 } : one));
  host.answers.snapshot = () => ({ seq: 10, fleet: { ...FLEET, guests }, operations: [] });
}

async function opened(prepare = prepared) {
  const all = await open(prepare);
  await all.user.click(row('nextcloud'));
  await screen.findByTestId('update-openssl');
  return all;
}

async function menuOf(user: Awaited<ReturnType<typeof open>>['user'], name: string) {
  await user.click(screen.getByTestId(`more-${name}`));
  return within(await screen.findByTestId('menu'));
}

it('shows what is approved and by whom, and withdraws it', async () => {
  const { user, host } = await opened();
  expect(screen.getByTestId('approve-openssl').getAttribute('aria-checked')).toBe('true');
  expect(screen.getByTestId('approval-openssl').textContent).toBe('Approved by ada: pve2, security updates');
  expect(screen.getByTestId('approved-count').textContent).toBe('2 of 3 approved');
  await user.click(screen.getByTestId('approve-openssl'));
  await waitFor(() => expect(host.requests('withdraw_approvals')).toEqual([{ approvals: ['a-200-openssl'] }]));
  expect(screen.getByTestId('notice-ok').textContent).toContain('1 approval withdrawn.');
});

it('approves one update by its tick, and reads the list again when Rust says that it changed', async () => {
  const { user, host } = await opened();
  const reads = host.requests('guest_details').length;
  const tick = screen.getByRole('checkbox', { name: 'Approve php8.2-common' });
  tick.focus();
  await user.keyboard(' ');
  await waitFor(() => expect(host.requests('approve_updates')).toEqual([{ targets: [guest(200)], only: { kind: 'packages', names: ['php8.2-common'] } }]));
  expect((await screen.findByTestId('notice-ok')).textContent).toContain('1 update on 1 LXC approved.');
  host.send({ kind: 'approvals' });
  await waitFor(() => expect(host.requests('guest_details').length).toBeGreaterThan(reads));
});

it('does not approve what is held back or held by a rule, and says why', async () => {
  await opened();
  const kept = screen.getByTestId('approve-imagemagick') as HTMLButtonElement;
  expect(kept.disabled).toBe(true);
  expect(kept.parentElement?.title).toContain('php-imagick');
  const held = screen.getByTestId('approve-php8.2-fpm') as HTMLButtonElement;
  expect(held.disabled).toBe(true);
  expect(held.parentElement?.title).toBe('Held');
  expect((screen.getByTestId('approve-tzdata') as HTMLButtonElement).disabled).toBe(false);
});

it('names the rule about an update, and where it comes from', async () => {
  const { user, host } = await opened();
  expect(screen.getByTestId('rule-tzdata').textContent).toBe('Ignored');
  expect(screen.getByTestId('rule-php8.2-fpm').textContent).toBe('Heldset for pve2');
  const inherited = await menuOf(user, 'php8.2-fpm');
  expect(inherited.getByTestId('action-remove-rule').textContent).toContain('Set for pve2: remove it under Updates, Rules');
  expect(inherited.getByTestId('action-remove-rule').getAttribute('aria-disabled')).toBe('true');
  await user.keyboard('{Escape}');
  await waitFor(() => expect(document.activeElement).toBe(screen.getByTestId('more-php8.2-fpm')));
  const own = await menuOf(user, 'tzdata');
  expect(own.getByTestId('action-ignore').getAttribute('aria-disabled')).toBe('true');
  await user.click(own.getByTestId('action-remove-rule'));
  await waitFor(() => expect(host.requests('remove_rule')).toEqual([{ rule: 'rule-1' }]));
});

it.each([
  ['ignore', 'ignore', null],
  ['snooze-day', 'snooze', NOW + DAY],
  ['snooze-week', 'snooze', NOW + 7 * DAY],
  ['snooze-month', 'snooze', NOW + 30 * DAY],
  ['hold', 'hold', null],
] as const)('sets the rule %s for this LXC', async (entry, kind, until) => {
  const { user, host } = await opened();
  await user.click((await menuOf(user, 'openssl')).getByTestId(`action-${entry}`));
  await waitFor(() => expect(host.requests('set_rule')).toEqual([{ scope: guest(200), package: 'openssl', kind, until }]));
  expect((await screen.findByTestId('notice-ok')).textContent).toContain('openssl · nextcloud:');
});

it('fetches the changelog, and tries again when that fails', async () => {
  const { user, host } = await opened();
  const answer = host.answers.read_changelog;
  host.answers.read_changelog = () => {
    throw failure('unreachable', 'The changelog could not be fetched.', 'E: 404 Not Found', 'Try again later.');
  };
  await user.click((await menuOf(user, 'libssl3')).getByTestId('action-changelog'));
  expect(await screen.findByRole('dialog', { name: 'Changelog of libssl3' })).toBeTruthy();
  expect((await screen.findByTestId('changelog-failed')).textContent).toContain('404 Not Found');
  host.answers.read_changelog = answer;
  await user.click(screen.getByText('Try again'));
  expect((await screen.findByTestId('changelog-text')).textContent).toContain('CVE-2024-6119');
  expect(host.requests('read_changelog')).toEqual([{ guest: guestId(200), package: 'libssl3' }, { guest: guestId(200), package: 'libssl3' }]);
  await user.keyboard('{Escape}');
  await waitFor(() => expect(screen.queryByTestId('changelog')).toBeNull());
});

it('offers no changelog where nobody can fetch it', async () => {
  const { user } = await open((host) => {
    host.answers.guest_details = ({ guest }) => ({ ...details(200), row: details(Number(guest.slice(-12))).row });
  });
  await user.click(row('home-assistant'));
  await screen.findByTestId('update-openssl');
  const entry = (await menuOf(user, 'openssl')).getByTestId('action-changelog');
  expect(entry.textContent).toContain('The agent does not answer');
  expect(entry.getAttribute('aria-disabled')).toBe('true');
});

const picture = fromSnapshot(FLEET);
const why = (id: ActionId, part: Partial<(typeof FLEET.guests)[number]>, ...names: string[]) => {
  const verdict = action(id).when(scopeOfGuests(picture, FLEET.guests.filter((one) => names.includes(one.name)).map((one) => ({ ...one, ...part }))));
  return verdict.able ? (verdict.note ?? 'able') : verdict.why;
};

it('says why nothing can be approved', () => {
  expect(why('approve', {}, 'nextcloud')).toBe('able');
  expect(why('approve', {}, 'home-assistant')).toBe('able');
  expect(why('approve', {}, 'mariadb')).toBe('Up to date');
  expect(why('approve', {}, 'vaultwarden')).toBe('Updates are not known yet. Scan first');
  expect(why('approve', {}, 'jellyfin')).toBe('Its node does not answer');
  expect(why('approve', {}, 'tmpl-debian-12')).toBe('A template is not changed');
  expect(why('approve', { approved: 5 }, 'nextcloud')).toBe('All are approved already');
  expect(why('approve-security', {}, 'debian-pihole')).toBe('No security updates');
  expect(why('approve', {}, 'nextcloud', 'mariadb')).toBe('1 of 2 have updates to approve');
  expect(why('install-approved', { approved: 2 }, 'nextcloud')).toBe('able');
  expect(why('install-approved', { approved: 2, lock: 'backup' }, 'nextcloud')).toBe('Locked: backup');
  expect(action('install-approved').shown(scopeOfGuests(picture, FLEET.guests))).toBe(false);
});

it('approves everything of a node by its letter, and says what was left out', async () => {
  const { user, host } = await open((host) => {
    host.answers.approve_updates = () => ({ approved: 4, already: 1, lxcs: 2, unrated: 3, leftOut: 2 });
  });
  await user.click(row('pve2'));
  await user.keyboard('a');
  await waitFor(() => expect(host.requests('approve_updates')).toEqual([{ targets: [{ kind: 'node', node: { cluster: C1, node: 'pve2' } }], only: { kind: 'all' } }]));
  expect((await screen.findByTestId('notice-ok')).textContent).toContain('4 updates on 2 LXCs approved. 1 was approved before. 3 security updates without a grade are left out. 2 held, kept back or ignored are left out.');
});

async function installApproved(plan: typeof PLAN, prepare: (host: MemoryHost) => void = () => undefined) {
  const all = await open((host) => {
    prepared(host);
    host.answers.make_plan = () => plan;
    prepare(host);
  });
  await all.user.pointer({ keys: '[MouseRight]', target: row('Homelab Cluster 1') });
  await all.user.click(await screen.findByTestId('action-install-approved'));
  return all;
}

const CLEAN = { ...PLAN, leftOut: [], only: { kind: 'approved' as const } };

it('installs what was approved with one click where nothing moved', async () => {
  const { host } = await installApproved(CLEAN);
  await waitFor(() => expect(host.requests('approve_plan')).toEqual([{ plan: PLAN.id, fingerprint: PLAN.fingerprint }]));
  expect(host.requests('make_plan')).toMatchObject([{ kind: 'update', targets: [guest(101), guest(200)], only: { kind: 'approved' } }]);
  await waitFor(() => expect(screen.getAllByTestId('notice-ok').at(-1)?.textContent).toContain('Plan 7f3a-c91e started.'));
  expect(screen.queryByTestId('plan')).toBeNull();
});

it('is the next step in the panel where something is approved', async () => {
  const { user, host } = await opened((host) => {
    prepared(host);
    host.answers.make_plan = () => CLEAN;
  });
  expect(screen.getByTestId('panel-install-approved').textContent).toContain('Install 2 approved…');
  await user.click(screen.getByTestId('panel-install-approved'));
  await waitFor(() => expect(host.requests('approve_plan')).toHaveLength(1));
  expect(host.requests('make_plan')).toMatchObject([{ targets: [guest(200)], only: { kind: 'approved' } }]);
});

const moved = CLEAN.guests.map((one) => (one.vmid === 200 && one.work.kind === 'update' ? { ...one, work: { ...one.work, moved: ['openssl is 3.0.16 now, approved was 3.0.15'] } } : one));

it('asks where something moved, and shows what', async () => {
  const { host, user } = await installApproved({ ...CLEAN, guests: moved });
  expect((await screen.findByTestId('plan-moved')).textContent).toContain('openssl is 3.0.16 now, approved was 3.0.15');
  expect(screen.getByTestId('plan-guest-200').textContent).toContain('Moved');
  expect(host.requests('approve_plan')).toEqual([]);
  await user.click(screen.getByTestId('plan-approve'));
  await waitFor(() => expect(host.requests('approve_plan')).toHaveLength(1));
});

const removing = CLEAN.guests.map((one) => (one.work.kind === 'update' ? { ...one, work: { ...one.work, plan: { ...one.work.plan, removed: [{ package: 'php-imagick', arch: 'amd64', from: '3.7', to: null }] } } } : one));

it.each([
  ['somebody is left out', { leftOut: PLAN.leftOut }],
  ['something would be removed', { guests: removing }],
  ['nothing is in the plan', { guests: [] }],
])('asks where %s', async (_, part) => {
  const { host } = await installApproved({ ...CLEAN, ...part });
  await screen.findByTestId('plan-approve');
  expect(host.requests('approve_plan')).toEqual([]);
});

it('shows the plan with its problem when it did not hold', async () => {
  await installApproved(CLEAN, (host) => {
    host.answers.approve_plan = () => {
      throw failure('planMoved', 'The packages of nextcloud moved.');
    };
  });
  expect((await screen.findByTestId('plan-problem')).textContent).toContain('The packages of nextcloud moved.');
  await frame();
  expect(screen.getByTestId('plan-remake')).toBeTruthy();
});
