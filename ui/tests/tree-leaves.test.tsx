// An LXC inside a group, a package and an image: what an action on their rows is about, in every grouping.
import { screen, waitFor, within } from '@testing-library/react';
import axe from 'axe-core';
import { describe, expect, it } from 'vitest';
import type { Grouping } from '../src/bindings/Grouping';
import { guestId } from './fixtures/fleet';
import { rule } from './fixtures/updates';
import { details, update } from './fixtures/work';
import type { MemoryHost } from './host';
import { open, type Opened, row } from './open';

const target = (vmid: number) => ({ kind: 'guest', guest: guestId(vmid) });
const at = (key: string) => screen.findByTestId(`row-${key}`);
const inGroup = (group: string, vmid: number) => `group:${group}/guest:${guestId(vmid)}`;
const labels = () => within(screen.getByTestId('menu')).getAllByRole('menuitem').map((item) => item.children[1]?.textContent);
const second = (id: string) => screen.getByTestId(`action-${id}`).querySelector('.why')?.textContent ?? null;

async function openBy(grouping: Grouping, prepare?: (host: MemoryHost) => void): Promise<Opened> {
  const opened = await open(prepare);
  if (grouping !== 'hierarchy') await opened.user.click(screen.getByTestId(`group-${grouping}`));
  return opened;
}

async function menuOf(user: Opened['user'], key: string): Promise<HTMLElement> {
  await user.pointer({ keys: '[MouseRight]', target: await at(key) });
  return screen.findByTestId('menu');
}

/** Opens an LXC, so that what is below it can be read. */
async function below(user: Opened['user'], key: string): Promise<void> {
  await user.click(await at(key));
  await user.keyboard('{ArrowRight}');
}

describe('an LXC inside a group', () => {
  it('is planned with its part of the group, by menu and by letter', async () => {
    const { user, host } = await openBy('severity');
    const menu = await menuOf(user, inGroup('high', 300));
    expect(menu.getAttribute('aria-label')).toBe('monitoring · High · 1 update, 1 security');
    expect(within(menu).queryByTestId('action-security')).toBeNull();
    expect(within(menu).queryByTestId('action-update-images')).toBeNull();
    await user.keyboard('{Escape}');
    await user.click(await at(inGroup('securityUnrated', 200)));
    await user.keyboard('u');
    await waitFor(() => expect(host.requests('make_plan')).toMatchObject([{ kind: 'update', targets: [target(200)], only: { kind: 'severities', severities: ['securityUnrated'] } }]));
  });

  it('is approved with that part alone', async () => {
    const { user, host } = await openBy('severity');
    const menu = await menuOf(user, inGroup('unknown', 200));
    await user.click(within(menu).getByTestId('action-approve'));
    await waitFor(() => expect(host.requests('approve_updates')).toEqual([{ targets: [target(200)], only: { kind: 'severities', severities: ['unknown'] } }]));
  });

  it('says why its part cannot be installed, though others of its updates could', async () => {
    const { user } = await openBy('package');
    await menuOf(user, inGroup('p-Debian%2Fimagemagick', 200));
    expect(second('update')).toBe('Nothing of it can be installed there now');
  });

  it('is about images alone below the group of images', async () => {
    const { user, host } = await openBy('updateType');
    const menu = await menuOf(user, inGroup('docker', 100));
    expect(within(menu).queryByTestId('action-update')).toBeNull();
    await user.click(within(menu).getByTestId('action-update-images'));
    await waitFor(() => expect(host.requests('make_plan')).toMatchObject([{ kind: 'updateImages', targets: [target(100)], only: { kind: 'all' } }]));
  });

  it('is meant as a whole where the group is about no updates, and in its panel', async () => {
    const { user, host } = await openBy('updateType');
    const menu = await menuOf(user, inGroup('upToDate', 201));
    expect(within(menu).getByTestId('action-security')).toBeTruthy();
    await user.keyboard('{Escape}');
    await user.click(await at(inGroup('security', 200)));
    const button = await screen.findByTestId('panel-update');
    // Its key would install less: it is not promised here.
    expect(button.textContent).toBe('Plan update…');
    await user.click(button);
    await waitFor(() => expect(host.requests('make_plan')).toMatchObject([{ kind: 'update', targets: [target(200)], only: { kind: 'all' } }]));
  });
});

describe('a package', () => {
  const OPENSSL = `package:${guestId(200)}/openssl:amd64`;

  it.each([['hierarchy', ''], ['updateType', 'group:security/'], ['severity', 'group:securityUnrated/'], ['package', 'group:p-Debian%2Fopenssl/']] as const)('is installed alone, by %s', async (grouping, group) => {
    const { user, host } = await openBy(grouping);
    await below(user, `${group}guest:${guestId(200)}`);
    const menu = await menuOf(user, `${group}${OPENSSL}`);
    expect(menu.getAttribute('aria-label')).toBe('openssl · nextcloud');
    expect(labels()).toEqual(['Scan for updates', 'Install this update…', 'Approve this update', 'Changelog', 'Ignore', 'Snooze for a day', 'Snooze for a week', 'Snooze for a month', 'Hold', 'View details', 'Open in Proxmox', 'Copy name', 'Copy version']);
    await user.click(within(menu).getByTestId('action-update'));
    await waitFor(() => expect(host.requests('make_plan')).toMatchObject([{ kind: 'update', targets: [target(200)], only: { kind: 'packages', names: ['openssl'] } }]));
  });

  it('is approved, held and copied, by keys alone', async () => {
    const { user, host } = await openBy('hierarchy');
    await below(user, `guest:${guestId(200)}`);
    await at(OPENSSL);
    await user.keyboard('{ArrowRight}');
    expect(document.activeElement).toBe(await at(OPENSSL));
    await user.keyboard('a');
    await waitFor(() => expect(host.requests('approve_updates')).toEqual([{ targets: [target(200)], only: { kind: 'packages', names: ['openssl'] } }]));
    await user.keyboard('{Shift>}{F10}{/Shift}');
    (await screen.findByTestId('action-hold')).focus();
    await user.keyboard('{Enter}');
    await waitFor(() => expect(host.requests('set_rule')).toEqual([{ scope: target(200), package: 'openssl', kind: 'hold', until: null }]));
    await waitFor(async () => expect(document.activeElement).toBe(await at(OPENSSL)));
    await user.keyboard('{Shift>}{F10}{/Shift}');
    await user.click(await screen.findByTestId('action-copy-version'));
    expect(await navigator.clipboard.readText()).toBe('3.0.15-1~deb12u1');
    await user.keyboard('u');
    await waitFor(() => expect(host.requests('make_plan')).toMatchObject([{ only: { kind: 'packages', names: ['openssl'] } }]));
  });

  it('says why it cannot be installed, and what the plan will ask', async () => {
    const { user } = await openBy('hierarchy', (host) => {
      host.answers.guest_details = () => {
        const all = details(200);
        const packages = [update('a-removes', '1', '2', { blocked: { kind: 'removes', packages: ['b'] } }), update('c-held', '1', '2', { blocked: { kind: 'held' } }), update('d-ruled', '1', '2'), update('e-ignored', '1', '2')];
        return {
          ...all, inventory: all.inventory === null ? null : { ...all.inventory, packages: { kind: 'apt', updates: packages, installed: 412, listsAt: null, repositories: [], interrupted: null } },
          rules: [{ package: 'd-ruled', rule: rule('r1', { package: 'd-ruled', kind: 'hold' }) }, { package: 'e-ignored', rule: rule('r2', { package: 'e-ignored', kind: 'ignore' }) }],
        };
      };
    });
    await below(user, `guest:${guestId(200)}`);
    const look = async (name: string) => {
      const menu = await menuOf(user, `package:${guestId(200)}/${name}:amd64`);
      const said = [within(menu).getByTestId('action-update').getAttribute('aria-disabled'), second('update'), second('approve')];
      await user.keyboard('{Escape}');
      await waitFor(() => expect(screen.queryByTestId('menu')).toBeNull());
      return said;
    };
    const removes = 'It would remove b, which a plan does only if you allow it';
    expect(await look('a-removes')).toEqual([null, removes, removes]);
    expect(await look('c-held')).toEqual(['true', 'Held in the LXC (apt-mark hold)', 'Held in the LXC (apt-mark hold)']);
    expect(await look('d-ruled')).toEqual(['true', 'Held', 'Held']);
    expect(await look('e-ignored')).toEqual([null, 'Ignored', null]);
  });

  it('is found in the palette under its own name', async () => {
    const { user } = await openBy('hierarchy');
    await below(user, `guest:${guestId(200)}`);
    await user.click(await at(OPENSSL));
    await user.keyboard('{Control>}k{/Control}');
    await user.type(await screen.findByRole('combobox'), 'hold openssl');
    expect((await screen.findAllByRole('option'))[0]?.textContent).toContain('openssl · nextcloud');
  });

  it('is installed from the panel too', async () => {
    const { user, host } = await openBy('hierarchy');
    await user.click(row('nextcloud'));
    await user.click(await screen.findByTestId('more-tzdata'));
    expect((await axe.run(screen.getByTestId('menu'))).violations).toEqual([]);
    await user.click(screen.getByTestId('action-update'));
    await waitFor(() => expect(host.requests('make_plan')).toMatchObject([{ kind: 'update', targets: [target(200)], only: { kind: 'packages', names: ['tzdata'] } }]));
  });
});

describe('an image', () => {
  const isNginx = (one: HTMLElement) => one.dataset['key']?.includes('nginx:latest') === true;
  const nginx = async () => (await screen.findAllByTestId(new RegExp(`image:${guestId(100)}`))).find(isNginx)?.dataset['key'] ?? '';

  it.each([['hierarchy', ''], ['updateType', 'group:docker/']] as const)('is updated alone, by %s', async (grouping, group) => {
    const { user, host } = await openBy(grouping);
    await below(user, `${group}guest:${guestId(100)}`);
    const menu = await menuOf(user, await nginx());
    expect(menu.getAttribute('aria-label')).toBe('nginx:latest · ubuntu-docker-01');
    expect(labels()).toEqual(['Scan for updates', 'Update this image…', 'View details', 'Open in Proxmox', 'Copy name']);
    await user.click(within(menu).getByTestId('action-update-images'));
    await waitFor(() => expect(host.requests('make_plan')).toMatchObject([{ kind: 'updateImages', targets: [target(100)], only: { kind: 'images', names: [expect.stringContaining('nginx:latest')], projects: false } }]));
  });
});
