// The plan dialog: what it shows, what it asks for, and what happens when it does not hold.
import { act, screen, waitFor, within } from '@testing-library/react';
import { expect, it, vi } from 'vitest';
import type { Plan } from '../src/bindings/Plan';
import { makePlan } from '../src/plan/state';
import { C1, guest, NOW } from './fixtures/fleet';
import { IMAGE_PLAN } from './fixtures/renewal';
import { enrolPlan, PLAN } from './fixtures/work';
import { failure } from './host';
import { frame, open, row } from './open';

const approve = () => screen.getByTestId('plan-approve') as HTMLButtonElement;

it('shows each guest, who is left out and why, and sums', async () => {
  const { user, host } = await open();
  await user.click(row('pve2'));
  await user.keyboard('u');
  const dialog = await screen.findByRole('dialog', { name: 'Update 3 LXCs' });
  expect(host.requests('make_plan')).toEqual([{ kind: 'update', targets: [{ kind: 'node', node: { cluster: expect.any(String), node: 'pve2' } }], only: { kind: 'all' }, allowed: { start: false, takeOver: false, shell: false, removals: false, engine: false }, canary: false, stopPercent: null }]);
  expect(screen.getByTestId('plan-short').textContent).toBe('7f3a-c91e');
  expect(screen.getByTestId('plan-left-out').textContent).toContain('Proxmox holds a lock: backup.');
  expect(within(dialog).getByText('8 updates')).toBeTruthy();
  expect(within(dialog).getByText('Cannot be undone')).toBeTruthy();
  await user.click(screen.getByTestId('plan-guest-200'));
  expect(screen.getByTestId('plan-package-openssl').textContent).toContain('3.0.15-1~deb12u1');
  expect(within(dialog).getByText('it would remove php-imagick')).toBeTruthy();
  expect(approve().textContent).toBe('Approve plan 7f3a-c91e and start');
});

it('leaves out what needs a word of its own, and asks for it', async () => {
  const { user, host } = await open();
  await user.click(screen.getByTestId('update-all'));
  await user.click(await screen.findByTestId('plan-guest-200'));
  expect(screen.getByTestId('plan-conffiles').textContent).toContain('/etc/php/8.2/fpm/php.ini');
  expect(screen.queryByTestId('plan-allow-engine')).toBeNull();
  const tick = screen.getByTestId('plan-allow-removals');
  expect(screen.getByText('Remove packages that stand in the way of updates in 1 LXC')).toBeTruthy();
  await user.click(tick);
  await waitFor(() => expect(host.requests('make_plan')).toHaveLength(2));
  expect(host.requests('make_plan')[1]).toMatchObject({ allowed: { removals: true, engine: false } });
});

it('repairs what was interrupted, and says what dpkg says', async () => {
  const broken = { kind: 'error', reason: 'an earlier dpkg run was interrupted', counts: null, repairable: true } as const;
  const { user, host } = await open((host) => {
    const [first] = PLAN.guests;
    if (first === undefined) throw new Error('the plan has no guest');
    host.answers.make_plan = () => ({ ...PLAN, kind: 'repair', guests: [{ ...first, work: { kind: 'repair', words: 'nginx is half configured' } }], leftOut: [] });
  });
  host.send({ kind: 'fleet', patch: { clusters: [], nodes: [], guests: [guest(C1, 'pve1', 101, 'debian-pihole', { updates: broken })], goneClusters: [], goneNodes: [], goneGuests: [], totals: null } });
  await frame();
  await user.pointer({ target: row('debian-pihole'), keys: '[MouseRight]' });
  await user.click(await screen.findByTestId('action-repair'));
  const dialog = await screen.findByRole('dialog', { name: 'Repair packages of 1 LXC' });
  expect(host.requests('make_plan')).toMatchObject([{ kind: 'repair' }]);
  expect(within(dialog).getByText('nginx is half configured')).toBeTruthy();
});

it('approves exactly this plan and closes', async () => {
  const { user, host } = await open();
  await user.click(screen.getByTestId('update-all'));
  await user.click(await screen.findByTestId('plan-approve'));
  await waitFor(() => expect(host.requests('approve_plan')).toEqual([{ plan: PLAN.id, fingerprint: PLAN.fingerprint }]));
  await waitFor(() => expect(screen.queryByTestId('plan')).toBeNull());
  expect(screen.getByTestId('notice-ok').textContent).toContain('7f3a-c91e');
});

it('goes off when the plan moved, and makes a new one', async () => {
  const { user, host } = await open((host) => {
    host.answers.approve_plan = () => {
      throw failure('planMoved', 'The packages of nextcloud moved.', 'openssl 3.0.16', 'Make a new plan.');
    };
  });
  await user.click(screen.getByTestId('update-all'));
  await user.click(await screen.findByTestId('plan-approve'));
  expect((await screen.findByTestId('plan-problem')).textContent).toContain('openssl 3.0.16');
  expect(screen.queryByTestId('plan-approve')).toBeNull();
  host.answers.make_plan = () => ({ ...PLAN, id: 'p-9', short: 'aaaa-bbbb' });
  await user.click(screen.getByTestId('plan-remake'));
  await waitFor(() => expect(approve().textContent).toContain('aaaa-bbbb'));
});

it('stays approvable after a failure that did not change it', async () => {
  const { user, host } = await open();
  const answer = host.answers.approve_plan;
  host.answers.approve_plan = () => {
    throw failure('conflict', 'Another operation runs on nextcloud.');
  };
  await user.click(screen.getByTestId('update-all'));
  await user.click(await screen.findByTestId('plan-approve'));
  await screen.findByTestId('plan-problem');
  host.answers.approve_plan = answer;
  await user.click(approve());
  await waitFor(() => expect(screen.queryByTestId('plan')).toBeNull());
});

it('goes off when its hour is over', async () => {
  const { user } = await open((host) => {
    host.answers.make_plan = () => ({ ...PLAN, goodUntil: NOW + 1000 });
  });
  await user.click(screen.getByTestId('update-all'));
  await screen.findByTestId('plan-approve');
  vi.mocked(Date.now).mockReturnValue(NOW + 2000);
  act(() => void document.dispatchEvent(new Event('visibilitychange')));
  expect(screen.getByTestId('plan-expired')).toBeTruthy();
  expect(screen.queryByTestId('plan-approve')).toBeNull();
  expect(screen.getByTestId('plan-remake')).toBeTruthy();
});

it('asks for a tick of its own before anything is removed', async () => {
  const removing: Plan = { ...PLAN, guests: PLAN.guests.map((one) => (one.work.kind === 'update' ? { ...one, work: { ...one.work, plan: { ...one.work.plan, removed: [{ package: 'php-imagick', arch: 'amd64', from: '3.7', to: null }] } } } : one)) };
  const { user, host } = await open((host) => {
    host.answers.make_plan = () => removing;
  });
  await user.click(screen.getByTestId('update-all'));
  expect((await screen.findByTestId('plan-approve')).hasAttribute('disabled')).toBe(true);
  await user.click(screen.getByTestId('plan-removals'));
  expect(approve().disabled).toBe(false);
  await user.click(approve());
  await waitFor(() => expect(host.requests('approve_plan')).toHaveLength(1));
});

it('shows how many have answered, and can be left while it is made', async () => {
  const { user, host } = await open((host) => {
    host.answers.make_plan = () => new Promise(() => undefined);
  });
  await user.click(screen.getByTestId('update-all'));
  host.send({ kind: 'planProgress', answered: 3, of: 5 });
  await frame();
  expect(screen.getByTestId('plan-making').textContent).toContain('3 of 5 answered');
  await user.keyboard('{Escape}');
  await waitFor(() => expect(screen.queryByTestId('plan')).toBeNull());
});

it('says why no plan could be made, and tries again', async () => {
  const { user, host } = await open((host) => {
    host.answers.make_plan = () => {
      throw failure('conflict', 'No agent answers.', null, 'See whether the LXCs run.');
    };
  });
  await user.click(screen.getByTestId('update-all'));
  expect((await screen.findByTestId('plan-failed')).textContent).toContain('See whether the LXCs run.');
  host.answers.make_plan = () => PLAN;
  await user.click(screen.getByText('Try again'));
  expect(await screen.findByTestId('plan-approve')).toBeTruthy();
});

it('an agent plan shows the way in and the steps', async () => {
  const { user } = await open();
  await user.click(row('vaultwarden'));
  await user.keyboard('i');
  const dialog = await screen.findByRole('dialog', { name: 'Install 1 agent' });
  expect(within(dialog).getAllByText('SSH to pve1').length).toBeGreaterThan(0);
  expect(within(dialog).getByText('Copy the agent and compare its checksum')).toBeTruthy();
});

it('lets stopped LXCs be started for an agent, and makes the plan anew with them', async () => {
  const { user, host } = await open();
  await user.click(row('vaultwarden'));
  await user.keyboard('i');
  const box = await screen.findByTestId('plan-allow-start');
  expect(box.textContent).toBe('Start the stopped LXC for it, and stop it again');
  expect(screen.getByTestId('plan-allow-takeOver').textContent).toBe('Take over 1 LXC from another RedFlag');
  await user.click(box);
  const started = await screen.findByTestId('plan-guest-102');
  expect(host.requests('make_plan').at(-1)).toMatchObject({ kind: 'enrol', allowed: { start: true, takeOver: false } });
  expect(started.textContent).toContain('Is started for it');
  expect(screen.getByTestId('plan-guest-104').textContent).not.toContain('Is started for it');
  expect(screen.getByTestId('plan-allow-start').getAttribute('aria-checked')).toBe('true');
  await user.click(started);
  expect(screen.getByTestId('plan-starts')).toBeTruthy();
  expect(screen.getByText('Stop the LXC again, and keep the agent for its next start')).toBeTruthy();
});

it('says what a shell on the console means before it is allowed, and all that is done for it', async () => {
  const { user, host } = await open();
  await user.click(row('vaultwarden'));
  await user.keyboard('i');
  const box = await screen.findByTestId('plan-allow-shell');
  expect(box.textContent).toContain('Make the console of 1 LXC a shell of root for it');
  expect(box.textContent).toContain('everyone with VM.Console on it is root in it without a password');
  await user.click(box);
  const restarted = await screen.findByTestId('plan-guest-201');
  expect(host.requests('make_plan').at(-1)).toMatchObject({ kind: 'enrol', allowed: { start: false, takeOver: false, shell: true, removals: false, engine: false } });
  expect(restarted.textContent).toContain('Is restarted twice for it');
  await user.click(restarted);
  expect(screen.getByTestId('plan-opens-console').textContent).toContain('root in it without a password');
  expect(screen.getByText('Set the console back to what it was, whatever became of the rest')).toBeTruthy();
  expect(screen.getByText('Restart the LXC again, which brings that into force')).toBeTruthy();
});

it('keeps the focus on the tick box, so that the next key does not approve', async () => {
  const { user, host } = await open();
  await user.click(row('vaultwarden'));
  await user.keyboard('i');
  const box = await screen.findByTestId('plan-allow-takeOver');
  box.focus();
  await user.keyboard(' ');
  await screen.findByTestId('plan-guest-203');
  expect(document.activeElement).toBe(screen.getByTestId('plan-allow-takeOver'));
  await user.click(screen.getByTestId('plan-guest-203'));
  expect(screen.getByTestId('plan-takes-over')).toBeTruthy();
  screen.getByTestId('plan-allow-takeOver').focus();
  await user.keyboard(' ');
  await waitFor(() => expect(screen.queryByTestId('plan-guest-203')).toBeNull());
  expect(host.requests('make_plan').map(({ allowed }) => allowed.takeOver)).toEqual([false, true, false]);
  expect(host.requests('approve_plan')).toEqual([]);
});

it('says what goes with an agent and what stays', async () => {
  const { user, host } = await open();
  await user.pointer({ keys: '[MouseRight]', target: row('nextcloud') });
  await user.click(await screen.findByTestId('action-remove-agent'));
  const dialog = await screen.findByRole('dialog', { name: 'Remove 1 agent' });
  expect(host.requests('make_plan')).toMatchObject([{ kind: 'removeAgent', targets: [{ kind: 'guest' }] }]);
  expect(within(dialog).getByText('The agent with its service, configuration and certificate')).toBeTruthy();
  expect(within(dialog).getByText('The history and the receipts')).toBeTruthy();
  await user.click(approve());
  await waitFor(() => expect(host.requests('approve_plan')).toHaveLength(1));
});

it('restarts an agent by its key, after a plan', async () => {
  const { user, host } = await open();
  await user.click(row('pve2'));
  await user.keyboard('{Shift>}R{/Shift}');
  const dialog = await screen.findByRole('dialog', { name: 'Restart 1 agent' });
  expect(host.requests('make_plan')).toMatchObject([{ kind: 'restartAgent', targets: [{ kind: 'node' }] }]);
  expect(within(dialog).getByText('Restart the agent’s service through the node')).toBeTruthy();
});

it('says how an LXC is restarted, how long it is away and what is lost', async () => {
  const { user, host } = await open();
  await user.pointer({ keys: '[MouseRight]', target: row('pve1') });
  await user.click(await screen.findByTestId('action-restart-guest'));
  const dialog = await screen.findByRole('dialog', { name: 'Restart 3 LXCs' });
  expect(host.requests('make_plan')).toMatchObject([{ kind: 'restartGuest', targets: [{ kind: 'node' }], only: { kind: 'all' } }]);
  expect(screen.getByTestId('plan-guest-100').textContent).toContain('Stops and starts again');
  expect(screen.getByTestId('plan-way-back').textContent).toBe('Way backNone');
  expect(screen.getByTestId('plan-downtime').textContent).toContain('The shutdown may take 60 s');
  for (const said of ['Shut it down by its own init, within 60 s', 'Stop it hard if it has not ended by then', 'Programs inside are ended, with what they have not saved', 'Containers with a restart policy come back', '3 LXCs']) expect(within(dialog).getByText(said)).toBeTruthy();
  expect(screen.queryByTestId('plan-options')).toBeNull();
  await user.click(approve());
  await waitFor(() => expect(host.requests('approve_plan')).toHaveLength(1));
});

it('counts LXCs, not agents, where packages are repaired', async () => {
  await open((host) => {
    host.answers.make_plan = () => ({ ...PLAN, kind: 'repair', guests: PLAN.guests.slice(0, 1).map((one) => ({ ...one, work: { kind: 'repair', words: 'nginx is half configured' } })) });
  });
  await act(() => makePlan({ kind: 'repair', targets: [{ kind: 'fleet' }], only: { kind: 'all' } }));
  expect(within(screen.getByTestId('plan')).getByText('1 LXC')).toBeTruthy();
});

it('points to what may be allowed when nothing else is in the plan', async () => {
  const { user } = await open((host) => {
    host.answers.make_plan = ({ allowed }) => ({ ...enrolPlan(allowed), guests: enrolPlan(allowed).guests.slice(1) });
  });
  await user.click(row('vaultwarden'));
  await user.keyboard('i');
  expect((await screen.findByTestId('plan-empty')).textContent).toContain('What you may allow stands at the left.');
  expect(approve().disabled).toBe(true);
  await user.click(screen.getByTestId('plan-allow-start'));
  await screen.findByTestId('plan-guest-102');
  expect(approve().disabled).toBe(false);
});

it('lets one LXC go first, and makes the plan anew for it', async () => {
  const { user, host } = await open((host) => {
    host.answers.make_plan = ({ canary, stopPercent }) => ({ ...PLAN, canary, stopPercent: stopPercent ?? 20 });
  });
  await user.click(screen.getByTestId('update-all'));
  const tick = await screen.findByTestId('plan-canary');
  expect(tick.textContent).toBe('Update one LXC first, the rest only if it went well');
  tick.focus();
  await user.keyboard(' ');
  await waitFor(() => expect(screen.getByTestId('plan-canary').getAttribute('aria-checked')).toBe('true'));
  expect(host.requests('make_plan').at(-1)).toMatchObject({ canary: true, stopPercent: null });
  expect(screen.getByTestId('plan-guest-101').textContent).toContain('Goes first, alone');
  expect(document.activeElement).toBe(screen.getByTestId('plan-canary'));
  expect(host.requests('approve_plan')).toEqual([]);
});

it('stops after a share of failures that can be chosen by key, or never', async () => {
  const { user, host } = await open((host) => {
    host.answers.make_plan = ({ canary, stopPercent }) => ({ ...PLAN, canary, stopPercent: stopPercent ?? 20 });
  });
  await user.click(screen.getByTestId('update-all'));
  const usual = await screen.findByTestId('plan-stop-20');
  expect(usual.getAttribute('aria-checked')).toBe('true');
  usual.focus();
  await user.keyboard('{ArrowRight}');
  await waitFor(() => expect(document.activeElement).toBe(screen.getByTestId('plan-stop-50')));
  expect(host.requests('make_plan').at(-1)).toMatchObject({ canary: false, stopPercent: 50 });
  await user.click(screen.getByTestId('plan-stop-100'));
  expect(await screen.findByText('Goes on whatever fails.')).toBeTruthy();
  expect(host.requests('make_plan').at(-1)).toMatchObject({ stopPercent: 100 });
});

it('has no rules of the run for one LXC alone', async () => {
  const { user } = await open((host) => {
    host.answers.make_plan = () => ({ ...PLAN, guests: PLAN.guests.slice(0, 1) });
  });
  await user.click(screen.getByTestId('update-all'));
  await screen.findByTestId('plan-approve');
  expect(screen.queryByTestId('plan-options')).toBeNull();
});

it('says how many security updates without a grade it leaves out', async () => {
  const { user } = await open((host) => {
    host.answers.make_plan = () => ({ ...PLAN, only: { kind: 'severities', severities: ['critical', 'high'] }, unrated: 3 });
  });
  await user.click(screen.getByTestId('update-all'));
  expect((await screen.findByTestId('plan-unrated')).textContent).toContain('3 security updates without a grade are left out');
});

async function openImagePlan(plan: Plan = IMAGE_PLAN) {
  const opened = await open((host) => {
    host.answers.make_plan = ({ canary }) => ({ ...plan, canary });
  });
  await opened.user.pointer({ keys: '[MouseRight]', target: row('pve1') });
  await opened.user.click(await screen.findByTestId('action-update-images'));
  await screen.findByTestId('plan-approve');
  return opened;
}

it('of images shows each with its new digest, its size and its containers', async () => {
  const { host } = await openImagePlan();
  const dialog = screen.getByRole('dialog', { name: 'Update images of 2 LXCs' });
  expect(host.requests('make_plan')).toMatchObject([{ kind: 'updateImages', targets: [{ kind: 'node' }], only: { kind: 'all' } }]);
  const nginx = screen.getByTestId('plan-image-nginx:latest');
  for (const part of ['nginx:latest', '9b2e4d17a0c8', '67 MB']) expect(nginx.textContent).toContain(part);
  const line = (name: string) => screen.getByTestId(`plan-container-${name}`).textContent;
  expect(line('web')).toBe('webcompose project media / web');
  expect(line('old-site')).toBe('old-sitestays stopped');
  expect(line('vpn')).toBe('vpn');
  expect(line('torrent')).toBe('torrentmade again because it uses the network of one of these');
  expect(within(dialog).getByText('Fetch each image by its digest, before its containers are touched')).toBeTruthy();
  expect(within(dialog).getByText('About 277 MB')).toBeTruthy();
});

it('of images names those that stay, and why', async () => {
  await openImagePlan();
  expect(screen.getByTestId('plan-kept-linuxserver/sonarr:4').textContent).toBe('linuxserver/sonarr:4sonarrsonarr belongs to the project media of Portainer: update it there');
  expect(screen.getByTestId('plan-kept-redis:7.4').textContent).toContain('job, site');
});

it('of images has the old containers as its way back, and no packages', async () => {
  await openImagePlan();
  expect(screen.getByTestId('plan-way-back').textContent).toBe('Way backThe old container comes back if the new one is not well.The old image stays on the LXC for a week.');
  for (const none of ['Upgraded', 'snapshot', 'Restarts']) expect(screen.getByTestId('plan').textContent).not.toContain(none);
});

it('of images sums images and containers, and lets one LXC go first', async () => {
  const { user, host } = await openImagePlan();
  expect(screen.getByTestId('plan-guest-100').textContent).toContain('2 images4 containers');
  expect(screen.getByTestId('plan-guest-200').textContent).toContain('1 image1 container');
  const foot = approve().parentElement;
  expect(foot?.textContent).toContain('3 images5 containers');
  expect(foot?.textContent).not.toContain('download');
  await user.click(screen.getByTestId('plan-canary'));
  await waitFor(() => expect(host.requests('make_plan').at(-1)).toMatchObject({ kind: 'updateImages', canary: true }));
});

it('of images counts a container once that follows two of them', async () => {
  const [first] = IMAGE_PLAN.guests;
  if (first?.work.kind !== 'updateImages') throw new Error('it is a plan of images');
  const [nginx, vpn] = first.work.plan.images;
  if (nginx === undefined || vpn === undefined) throw new Error('it has two images');
  const twice = { ...nginx, containers: [...nginx.containers, ...vpn.containers.filter(({ follows }) => follows)] };
  await openImagePlan({ ...IMAGE_PLAN, guests: [{ ...first, work: { ...first.work, plan: { images: [twice, vpn], kept: [], beside: [] } } }] });
  expect(screen.getByTestId('plan-guest-100').textContent).toContain('2 images4 containers');
});

it('of images says what is looked at while it is made', async () => {
  const { user } = await open((host) => {
    host.answers.make_plan = () => new Promise(() => undefined);
  });
  await user.pointer({ keys: '[MouseRight]', target: row('pve1') });
  await user.click(await screen.findByTestId('action-update-images'));
  expect(await screen.findByText('Looking at what agents and registries said last. Nothing is changed.')).toBeTruthy();
});
