// The tree in its groupings: what stands where, sums, keys, ticks, menu, and that nothing moves under the cursor.
import { act, fireEvent, screen, waitFor, within } from '@testing-library/react';
import axe from 'axe-core';
import { describe, expect, it } from 'vitest';
import type { FleetPatch } from '../src/bindings/FleetPatch';
import type { Grouping } from '../src/bindings/Grouping';
import type { GuestRow } from '../src/bindings/GuestRow';
import { usePreferences } from '../src/live/preferences';
import { useTreeView } from '../src/tree/view';
import { FLEET, guestId, NOW } from './fixtures/fleet';
import { USUAL_PREFERENCES } from './fixtures/preferences';
import { FLEET_UPDATES, group, pending } from './fixtures/updates';
import { failure, type MemoryHost } from './host';
import { frame, open, row } from './open';

async function openBy(grouping: Grouping, prepare: (host: MemoryHost) => void = () => undefined) {
  const opened = await open(prepare);
  await opened.user.click(screen.getByTestId(`group-${grouping}`));
  await waitFor(() => expect(document.querySelector('.row.group')).not.toBeNull());
  return opened;
}

const rows = () => [...document.querySelectorAll<HTMLElement>('.tree-body .row')].toSorted((a, b) => Number(a.ariaRowIndex) - Number(b.ariaRowIndex));
const groups = () => rows().filter((one) => one.classList.contains('group')).map((one) => one.dataset['name']);
const below = (key: string) => rows().filter((one) => one.dataset['key']?.startsWith(`${key}/guest:`)).map((one) => Number(one.dataset['vmid']));
const inGroup = (key: string, vmid: number) => screen.getByTestId(`row-${key}/guest:${guestId(vmid)}`);
const patch = (guests: GuestRow[]): FleetPatch => ({ clusters: [], nodes: [], guests, goneClusters: [], goneNodes: [], goneGuests: [], totals: null });
const guestOf = (vmid: number, part: Partial<GuestRow>): GuestRow => ({ ...(FLEET.guests.find((one) => one.vmid === vmid) as GuestRow), ...part });
const target = (vmid: number) => ({ kind: 'guest', guest: guestId(vmid) });

describe('update type', () => {
  it('puts every LXC where it belongs, and what is not known never under up to date', async () => {
    await openBy('updateType');
    expect(groups()).toEqual(['Security updates', 'APT packages', 'Docker images', 'Unknown', 'Not updated', 'Up to date']);
    expect(below('group:security')).toEqual([200]);
    expect(below('group:apt')).toEqual([100, 101, 103, 200, 202, 203, 204, 300, 310, 311]);
    expect(below('group:docker')).toEqual([100, 311]);
    expect(below('group:unknown')).toEqual([102, 104]);
    expect(below('group:notUpdated')).toEqual([900]);
    expect(below('group:upToDate')).toEqual([201]);
    expect(inGroup('group:unknown', 104).textContent).toContain('No agent yet.');
    expect(inGroup('group:apt', 101).textContent).toContain('pve1 · Homelab Cluster 1');
  });

  it('sums what is of now, and greys what is of an earlier time', async () => {
    await openBy('updateType');
    const apt = screen.getByTestId('row-group:apt');
    expect(apt.textContent).toContain('10 LXCs');
    expect(apt.querySelector('.updates')?.textContent).toBe('2 sec14+6');
    expect(apt.getAttribute('aria-level')).toBe('1');
    expect(apt.getAttribute('aria-setsize')).toBe('6');
    expect(inGroup('group:apt', 200).getAttribute('aria-level')).toBe('2');
  });

  it('moves an LXC when it is up to date, without reading anything', async () => {
    const { host } = await openBy('updateType');
    host.send({ kind: 'fleet', patch: patch([guestOf(101, { updates: { kind: 'upToDate', blocked: 0, ignored: 0 } })]) });
    await frame();
    expect(below('group:apt')).not.toContain(101);
    expect(below('group:upToDate')).toEqual([101, 201]);
    expect(host.requests('fleet_updates')).toEqual([]);
  });

  it('opens an LXC inside one group alone, with what is part of that group', async () => {
    const { user } = await openBy('updateType');
    await user.click(inGroup('group:security', 200));
    await user.keyboard('{ArrowRight}');
    expect(await screen.findByTestId(`row-group:security/package:${guestId(200)}/openssl:amd64`)).toBeTruthy();
    expect(screen.queryByTestId(`row-group:security/package:${guestId(200)}/tzdata:all`)).toBeNull();
    expect(inGroup('group:apt', 200).getAttribute('aria-expanded')).toBe('false');
  });

  it('plans only images from the group of images', async () => {
    const { user, host } = await openBy('updateType');
    await user.pointer({ keys: '[MouseRight]', target: screen.getByTestId('row-group:docker') });
    const menu = await screen.findByTestId('menu');
    expect(within(menu).queryByTestId('action-update')).toBeNull();
    await user.click(within(menu).getByTestId('action-update-images'));
    await waitFor(() => expect(host.requests('make_plan')).toMatchObject([{ kind: 'updateImages', targets: [target(100)], only: { kind: 'all' } }]));
  });
});

describe('severity', () => {
  it('has the severities in their order, with what is pending there', async () => {
    const { host } = await openBy('severity');
    expect(groups()).toEqual(['High', 'Security, unrated', 'Other']);
    expect(below('group:high')).toEqual([202, 300]);
    expect(below('group:unknown')).toEqual([100, 101, 200, 310]);
    expect(host.requests('fleet_updates')).toHaveLength(1);
  });

  it('plans exactly what the group is about', async () => {
    const { user, host } = await openBy('severity');
    await user.pointer({ keys: '[MouseRight]', target: screen.getByTestId('row-group:securityUnrated') });
    const menu = await screen.findByTestId('menu');
    expect(menu.getAttribute('aria-label')).toContain('Security, unrated · 1 LXC');
    expect(within(menu).queryByTestId('action-security')).toBeNull();
    await user.click(within(menu).getByTestId('action-update'));
    await waitFor(() => expect(host.requests('make_plan')).toMatchObject([{ kind: 'update', targets: [target(200)], only: { kind: 'severities', severities: ['securityUnrated'] } }]));
  });

  it('approves exactly that, by its letter too', async () => {
    const { user, host } = await openBy('severity');
    await user.click(screen.getByTestId('row-group:high'));
    expect(within(screen.getByTestId('panel')).getByText('2 LXCs · 2 nodes')).toBeTruthy();
    await user.keyboard('a');
    await waitFor(() => expect(host.requests('approve_updates')).toEqual([{ targets: [target(202), target(300)], only: { kind: 'severities', severities: ['high'] } }]));
  });

  it('says that it reads, and why it cannot, with a second try', async () => {
    let broken = true;
    const { user, host } = await open((host) => {
      host.answers.fleet_updates = () => {
        if (broken) throw failure('internal', 'The updates cannot be read.', 'database is locked');
        return FLEET_UPDATES;
      };
    });
    await user.click(screen.getByTestId('group-severity'));
    expect(screen.getByTestId('tree-updates-reading')).toBeTruthy();
    const note = await screen.findByTestId('tree-updates-error');
    expect(note.textContent).toContain('database is locked');
    broken = false;
    await user.click(within(note).getByRole('button', { name: 'Try again' }));
    await waitFor(() => expect(groups()).toHaveLength(3));
    expect(host.requests('fleet_updates').length).toBeGreaterThan(1);
  });

  it('reads again when a scan ended', async () => {
    const { host } = await openBy('severity');
    host.send({ kind: 'fleet', patch: patch([guestOf(201, { checkedAt: NOW })]) });
    await frame();
    await waitFor(() => expect(host.requests('fleet_updates')).toHaveLength(2));
  });
});

describe('package', () => {
  it('has a group for each source and image, those in most LXCs first', async () => {
    await openBy('package');
    await waitFor(() => expect(groups()).toContain('nginx:latest'));
    expect(groups().slice(0, 3)).toEqual(['grafana', 'nginx:latest', 'tzdata']);
    expect(groups()).toContain('imagemagick');
    expect(screen.getByTestId('row-group:p-Debian%2Fimagemagick').textContent).toContain('Held back');
  });

  it('plans the packages of that source, and leaves out who ignores one', async () => {
    const ignored = pending(201, 'tzdata', '1', '2', { rule: 'ignore' });
    const { user, host } = await openBy('package', (host) => {
      host.answers.fleet_updates = () => ({ groups: [group('tzdata', [pending(101, 'tzdata', '1', '2'), pending(101, 'tzdata-legacy', '1', '2'), { ...ignored, package: 'tzdata' }, pending(201, 'tzdata-legacy', '1', '2')])] });
    });
    await user.pointer({ keys: '[MouseRight]', target: screen.getByTestId('row-group:p-Debian%2Ftzdata') });
    await user.click(await screen.findByTestId('action-update'));
    await waitFor(() => expect(host.requests('make_plan')).toMatchObject([{ targets: [target(101)], only: { kind: 'packages', names: ['tzdata', 'tzdata-legacy'] } }]));
  });
});

describe('keys and ticks', () => {
  it('walks groups as it walks the hierarchy', async () => {
    const { user } = await openBy('updateType');
    await user.click(screen.getByTestId('row-group:security'));
    await user.keyboard('{ArrowRight}');
    expect(document.activeElement).toBe(inGroup('group:security', 200));
    await user.keyboard('{ArrowLeft}');
    expect(document.activeElement).toBe(screen.getByTestId('row-group:security'));
    await user.keyboard('{ArrowLeft}');
    expect(screen.getByTestId('row-group:security').getAttribute('aria-expanded')).toBe('false');
    expect(below('group:security')).toEqual([]);
    await user.keyboard('{End}');
    expect(document.activeElement).toBe(inGroup('group:upToDate', 201));
    await user.keyboard('{Home}*');
    expect(below('group:security')).toEqual([200]);
  });

  it('ticks an LXC, in every group in which it stands', async () => {
    const { user } = await openBy('updateType');
    await user.click(screen.getByTestId('row-group:security'));
    await user.keyboard(' ');
    expect(inGroup('group:apt', 200).getAttribute('aria-selected')).toBe('true');
    expect(screen.getByText('1 LXC selected')).toBeTruthy();
    await user.click(inGroup('group:apt', 100));
    await user.keyboard('{Shift>}{ArrowDown}{ArrowDown}{/Shift}');
    expect([...useTreeView.getState().ticked]).toEqual([100, 101, 103].map((vmid) => `guest:${guestId(vmid)}`));
    await user.keyboard('{Control>}a{/Control}');
    expect(useTreeView.getState().ticked.size).toBe(14);
  });

  it('ticks within the filter', async () => {
    const { user } = await openBy('updateType');
    await user.type(screen.getByTestId('filter'), 'tag:web ');
    expect(below('group:apt')).toEqual([200]);
    await user.click(screen.getByTestId('row-group:apt'));
    await user.keyboard('{Control>}a{/Control}');
    expect([...useTreeView.getState().ticked]).toEqual([`guest:${guestId(200)}`]);
  });

  it('the choice is moved by arrows and kept', async () => {
    const { user, host } = await open();
    screen.getByTestId('group-hierarchy').focus();
    await user.keyboard('{ArrowRight}');
    expect(screen.getByTestId('group-updateType').getAttribute('aria-checked')).toBe('true');
    expect(document.activeElement).toBe(screen.getByTestId('group-updateType'));
    await waitFor(() => expect(host.requests('set_preferences').at(-1)?.grouping).toBe('updateType'));
  });

  it('begins as it was left', async () => {
    await open((host) => {
      host.answers.preferences = () => ({ ...USUAL_PREFERENCES, grouping: 'updateType' });
    }).catch(() => undefined);
    await waitFor(() => expect(groups()).toContain('APT packages'));
  });
});

describe('order', () => {
  const many = (extra: number[]) => ({ groups: [group('curl', [101, 200].map((vmid) => pending(vmid, 'curl', '1', '2'))), group('vim', [100, ...extra].map((vmid) => pending(vmid, 'vim', '1', '2'))), ...(extra.length > 0 ? [group('zsh', [100, 101, 200, 300].map((vmid) => pending(vmid, 'zsh', '1', '2')))] : [])] });

  it('stays while the focus is in the tree, and what is new comes last', async () => {
    const { user, host } = await openBy('package', (host) => {
      host.answers.images = () => ({ images: [], registries: [], everyHours: 6 });
      host.answers.fleet_updates = () => many([]);
    });
    expect(groups()).toEqual(['curl', 'vim']);
    await user.click(screen.getByTestId('row-group:p-Debian%2Fvim'));
    host.answers.fleet_updates = () => many([101, 300, 200]);
    host.send({ kind: 'fleet', patch: patch([guestOf(201, { checkedAt: NOW })]) });
    await waitFor(() => expect(groups()).toEqual(['curl', 'vim', 'zsh']));
    expect(below('group:p-Debian%2Fvim')).toEqual([100, 101, 200, 300]);
    expect(document.activeElement).toBe(row('vim'));
    // The pointer is still over it when the focus has gone.
    act(() => screen.getByTestId('filter').focus());
    expect(groups()).toEqual(['curl', 'vim', 'zsh']);
    fireEvent.pointerLeave(screen.getByTestId('tree'));
    fireEvent.pointerOut(screen.getByTestId('tree'), { relatedTarget: document.body });
    await waitFor(() => expect(groups()).toEqual(['vim', 'zsh', 'curl']));
  });
});

it.each(['dark', 'light'])('is clean in %s', async (theme) => {
  document.documentElement.dataset['theme'] = theme;
  document.documentElement.lang = 'en';
  document.title = 'RedFlag';
  const { user } = await openBy('severity');
  act(() => usePreferences.setState({ views: [{ name: 'Security', filter: 'state:security', grouping: 'severity' }] }));
  await user.click(screen.getByTestId('row-group:high'));
  await user.type(screen.getByTestId('filter'), 'severity:high state:');
  await screen.findByRole('listbox');
  const page = { include: [document.body], exclude: ['[data-base-ui-focus-guard]'] };
  const { violations } = await axe.run(page, { rules: { 'color-contrast': { enabled: false }, region: { enabled: false } } });
  expect(violations.flatMap(({ id, nodes }) => nodes.map((one) => `${id}: ${one.html.slice(0, 160)}`))).toEqual([]);
});
