// The tree on the page: roles, focus, keys, ticks, leaves, filter, menu.
import { screen, waitFor, within } from '@testing-library/react';
import { describe, expect, it } from 'vitest';
import { usePanel } from '../src/panel/state';
import { C1, guest, guestId } from './fixtures/fleet';
import { failure } from './host';
import { frame, open, row } from './open';

describe('treegrid', () => {
  it('has the roles and the places of every row', async () => {
    await open();
    const grid = screen.getByRole('treegrid', { name: 'Fleet' });
    expect(grid.getAttribute('aria-multiselectable')).toBe('true');
    expect(grid.getAttribute('aria-rowcount')).toBe('21');
    const nextcloud = row('nextcloud');
    expect(nextcloud.getAttribute('role')).toBe('row');
    expect(nextcloud.getAttribute('aria-level')).toBe('3');
    expect(nextcloud.getAttribute('aria-posinset')).toBe('1');
    expect(nextcloud.getAttribute('aria-setsize')).toBe('6');
    expect(nextcloud.getAttribute('aria-expanded')).toBe('false');
    expect(row('vaultwarden').hasAttribute('aria-expanded')).toBe(false);
    expect(row('pve1').getAttribute('aria-expanded')).toBe('true');
    expect(within(nextcloud).getByRole('rowheader').textContent).toContain('nextcloud');
  });

  it('has one tab stop that follows the arrows', async () => {
    const { user } = await open();
    await user.click(row('pve1'));
    await user.keyboard('{ArrowDown}');
    expect(document.activeElement).toBe(row('ubuntu-docker-01'));
    const stops = screen.getAllByRole('row').filter((one) => one.tabIndex === 0);
    expect(stops).toEqual([row('ubuntu-docker-01')]);
  });

  it('names every honest state', async () => {
    await open();
    const said = (name: string) => row(name).textContent;
    expect(said('ubuntu-dev')).toContain('Stopped');
    expect(said('ubuntu-dev')).toContain('Not running');
    expect(said('vaultwarden')).toContain('Unknown');
    expect(said('vaultwarden')).toContain('Not installed');
    expect(said('syncthing')).toContain('Locked: backup');
    expect(said('mariadb')).toContain('Up to date');
    expect(said('home-assistant')).toContain('Offline');
    expect(said('traefik')).toContain('Failed');
    expect(said('monitoring')).toContain('Reading 58 %');
    expect(said('tmpl-debian-12')).toContain('Not updated');
    expect(said('jellyfin')).toContain('Was running');
    expect(said('nextcloud')).toContain('2 sec');
    expect(row('jellyfin').classList.contains('old')).toBe(true);
    expect(row('pve4').textContent).toContain('Unreachable');
    expect(row('Homelab Cluster 2').textContent).toContain('1 of 2 nodes');
  });

  it('opens a guest with the keys and shows its packages', async () => {
    const { user, host } = await open();
    await user.click(row('nextcloud'));
    await user.keyboard('{ArrowRight}');
    const leaf = await screen.findByTestId(`row-package:${guestId(200)}/openssl:amd64`);
    expect(leaf.getAttribute('aria-level')).toBe('4');
    expect(leaf.textContent).toContain('3.0.15-1~deb12u1');
    expect(host.requests('guest_details').filter(({ guest }) => guest === guestId(200))).toHaveLength(1);
    await user.keyboard('{ArrowLeft}');
    expect(screen.queryByTestId(`row-package:${guestId(200)}/openssl:amd64`)).toBeNull();
  });

  it('says in the tree when the packages cannot be read', async () => {
    const { user } = await open((host) => {
      host.answers.guest_details = () => {
        throw failure('internal', 'The database cannot be read.');
      };
    });
    await user.click(row('nextcloud'));
    await user.keyboard('{ArrowRight}');
    expect((await screen.findByTestId(`row-problem:${guestId(200)}`)).textContent).toContain('The database cannot be read.');
  });

  it('shows a patch in place and keeps the focus', async () => {
    const { user, host } = await open();
    await user.click(row('mariadb'));
    host.send({ kind: 'fleet', patch: { clusters: [], nodes: [], guests: [guest(C1, 'pve2', 201, 'mariadb', { power: 'stopped' })], goneClusters: [], goneNodes: [], goneGuests: [guestId(100)], totals: null } });
    await frame();
    expect(row('mariadb').textContent).toContain('Stopped');
    expect(document.querySelector('[data-vmid="100"]')).toBeNull();
    await waitFor(() => expect(document.activeElement).toBe(row('mariadb')));
  });

  it('fetches the whole picture again after a gap', async () => {
    const { host } = await open();
    host.lose(3);
    host.send({ kind: 'planProgress', answered: 1, of: 1 });
    await waitFor(() => expect(host.requests('snapshot')).toHaveLength(2));
  });

  it('fetches the whole picture again when the connection returns', async () => {
    const { host } = await open();
    host.link(false);
    expect(await screen.findByText('Connection lost')).toBeTruthy();
    host.link(true);
    await waitFor(() => expect(host.requests('snapshot')).toHaveLength(2));
  });
});

describe('filter', () => {
  it('narrows the tree, counts, and Escape gives all back', async () => {
    const { user } = await open();
    await user.click(row('pve1'));
    await user.keyboard('/');
    expect(document.activeElement).toBe(screen.getByTestId('filter'));
    await user.keyboard('web');
    expect(screen.getByTestId('filter-matches').textContent).toBe('1 of 14');
    expect(document.querySelectorAll('[data-vmid]')).toHaveLength(1);
    expect(row('pve2')).toBeTruthy();
    await user.keyboard('{Escape}');
    expect(document.querySelectorAll('[data-vmid]')).toHaveLength(14);
  });

  it('forgets ticks that it hides, and says when nothing is left', async () => {
    const { user } = await open();
    await user.click(row('nextcloud'));
    await user.keyboard(' ');
    expect(screen.getByText('1 LXC selected')).toBeTruthy();
    await user.type(screen.getByTestId('filter'), 'pihole');
    expect(screen.queryByText('1 LXC selected')).toBeNull();
    await user.type(screen.getByTestId('filter'), 'zzz');
    expect(screen.getByText(/Nothing matches/)).toBeTruthy();
  });
});

describe('menu and letters', () => {
  it('opens at the row by the keyboard, and says why something cannot be done', async () => {
    const { user } = await open();
    await user.click(row('ubuntu-dev'));
    await user.keyboard('{Shift>}{F10}{/Shift}');
    const menu = await screen.findByTestId('menu');
    const item = within(menu).getByTestId('action-scan');
    expect(item.getAttribute('aria-disabled')).toBe('true');
    expect(item.textContent).toContain('Stopped. Start it first');
    await user.keyboard('{Escape}');
    await waitFor(() => expect(screen.queryByTestId('menu')).toBeNull());
    await waitFor(() => expect(document.activeElement).toBe(row('ubuntu-dev')));
  });

  it('can be walked with the arrows', async () => {
    const { user, host } = await open();
    await user.pointer({ keys: '[MouseRight]', target: row('nextcloud') });
    await screen.findByTestId('menu');
    await user.keyboard('{ArrowDown}{Enter}');
    await waitFor(() => expect(host.requests('start_scan')).toEqual([{ targets: [{ kind: 'guest', guest: guestId(200) }] }]));
  });

  it('is about all ticked guests', async () => {
    const { user, host } = await open();
    await user.click(row('ubuntu-docker-01'));
    await user.keyboard('{Shift>}{ArrowDown}{ArrowDown}{/Shift}');
    expect(row('ubuntu-dev').getAttribute('aria-selected')).toBe('true');
    await user.pointer({ keys: '[MouseRight]', target: row('debian-pihole') });
    const item = await screen.findByTestId('action-scan');
    expect(item.textContent).toContain('2 of 3 can be scanned');
    await user.click(item);
    await waitFor(() => expect(host.requests('start_scan')[0]?.targets).toHaveLength(2));
  });

  it('S scans the focused row, and says why when it cannot', async () => {
    const { user, host } = await open();
    await user.click(row('pve2'));
    await user.keyboard('s');
    await waitFor(() => expect(host.requests('start_scan')).toEqual([{ targets: [{ kind: 'node', node: { cluster: C1, node: 'pve2' } }] }]));
    await user.click(row('ubuntu-dev'));
    await user.keyboard('s');
    expect((await screen.findByTestId('notice-error')).textContent).toContain('Stopped. Start it first');
  });

  it('Enter opens the panel and Escape closes it', async () => {
    const { user } = await open();
    await user.click(row('pve1'));
    await user.keyboard('{Escape}');
    expect(usePanel.getState().open).toBe(false);
    await user.keyboard('{ArrowDown}{Enter}');
    expect(within(screen.getByTestId('panel')).getByText('ubuntu-docker-01')).toBeTruthy();
    expect(await within(screen.getByTestId('panel')).findByText('containerd.io')).toBeTruthy();
  });
});
