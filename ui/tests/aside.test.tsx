// Rules about all packages of a row of the tree, and what is approved or set aside shown there and in the panel.
import { screen, waitFor, within } from '@testing-library/react';
import { describe, expect, it } from 'vitest';
import { asideEntries } from '../src/actions/aside';
import { scopeOfGuests } from '../src/actions/scope';
import type { GuestRow } from '../src/bindings/GuestRow';
import type { UpdateState } from '../src/bindings/UpdateState';
import { fromSnapshot } from '../src/live/fleet';
import { C1, C2, counts, FLEET, guestId, NOW } from './fixtures/fleet';
import { rule } from './fixtures/updates';
import { details } from './fixtures/work';
import { failure, type MemoryHost } from './host';
import { frame, open, type Opened, row } from './open';

const DAY = 86_400_000;
const guest = (vmid: number) => ({ kind: 'guest' as const, guest: guestId(vmid) });
const node = (name: string, cluster = C1) => ({ kind: 'node' as const, node: { cluster, node: name } });
const cluster = (id: string) => ({ kind: 'cluster' as const, cluster: id });
const general = (id: string, part: Parameters<typeof rule>[1]) => rule(id, { package: null, ...part });

async function second(user: Opened['user'], name: string, first = 'set-aside') {
  await user.pointer({ keys: '[MouseRight]', target: row(name) });
  await user.click(await screen.findByTestId(`action-${first}`));
  await screen.findByTestId('action-ignore');
  return within(screen.getByTestId('menu'));
}

const labels = () => within(screen.getByTestId('menu')).getAllByRole('menuitem').map((item) => item.children[1]?.textContent);

describe('rules about all packages', () => {
  it('opens a second list under the name of the row, at the same place, and gives the focus back', async () => {
    const { user } = await open((host) => {
      host.answers.rules = () => ({ rules: [] });
    });
    const menu = await second(user, 'nextcloud');
    expect(screen.getByRole('menu', { name: 'nextcloud · all packages' })).toBeTruthy();
    expect(labels()).toEqual(['Ignore', 'Snooze for a day', 'Snooze for a week', 'Snooze for a month', 'Hold']);
    expect(menu.queryByTestId('action-remove-rule')).toBeNull();
    await user.keyboard('{Escape}');
    await waitFor(() => expect(screen.queryByTestId('menu')).toBeNull());
    await waitFor(() => expect(document.activeElement).toBe(row('nextcloud')));
  });

  it('is reached by keys alone', async () => {
    const { user, host } = await open();
    await user.click(row('mariadb'));
    await user.keyboard('{Shift>}{F10}{/Shift}');
    (await screen.findByTestId('action-set-aside')).focus();
    await user.keyboard('{Enter}');
    (await screen.findByTestId('action-hold')).focus();
    await user.keyboard('{Enter}');
    await waitFor(() => expect(host.requests('set_rule')).toEqual([{ scope: guest(201), package: null, kind: 'hold', until: null }]));
    await waitFor(() => expect(document.activeElement).toBe(row('mariadb')));
  });

  it.each([
    ['Homelab Cluster 1', 'ignore', cluster(C1), 'ignore', null, 'All packages of Homelab Cluster 1: ignored.'],
    ['pve2', 'snooze-day', node('pve2'), 'snooze', NOW + DAY, 'All packages of pve2: snoozed until 23 Nov 2026.'],
    ['pve3', 'snooze-week', node('pve3', C2), 'snooze', NOW + 7 * DAY, 'All packages of pve3: snoozed until 29 Nov 2026.'],
    ['nextcloud', 'snooze-month', guest(200), 'snooze', NOW + 30 * DAY, 'All packages of nextcloud: snoozed until 22 Dec 2026.'],
    ['jellyfin', 'hold', guest(310), 'hold', null, 'All packages of jellyfin: held.'],
  ] as const)('sets one for %s: %s', async (name, entry, scope, kind, until, said) => {
    const { user, host } = await open();
    await user.click((await second(user, name)).getByTestId(`action-${entry}`));
    await waitFor(() => expect(host.requests('set_rule')).toEqual([{ scope, package: null, kind, until }]));
    expect((await screen.findByTestId('notice-ok')).textContent).toContain(said);
  });

  it('sets one for each of several LXCs, and says so', async () => {
    const { user, host } = await open();
    await user.click(row('nextcloud'));
    await user.keyboard('{Shift>}{ArrowDown}{/Shift}');
    const menu = await second(user, 'mariadb');
    expect(menu.getByTestId('action-ignore').textContent).toContain('One rule for each of 2 LXCs');
    await user.click(menu.getByTestId('action-ignore'));
    await waitFor(() => expect(host.requests('set_rule')).toEqual([200, 201].map((vmid) => ({ scope: guest(vmid), package: null, kind: 'ignore', until: null }))));
    expect((await screen.findByTestId('notice-ok')).textContent).toContain('All packages of 2 LXCs: ignored.');
  });

  it('means only what a filter shows, and says it of no more', async () => {
    const { user, host } = await open();
    await user.type(screen.getByTestId('filter'), 'prod');
    await user.click((await second(user, 'pve2')).getByTestId('action-hold'));
    await waitFor(() => expect(host.requests('set_rule').map(({ scope }) => scope)).toEqual([guest(200), guest(201), guest(204)]));
    expect((await screen.findByTestId('notice-ok')).textContent).toContain('All packages of 3 LXCs of pve2: held.');
  });

  it('removes the rule of exactly this scope, and shows inherited ones with whom they are set for', async () => {
    const { user, host } = await open((host) => {
      host.answers.rules = () => ({
        rules: [
          general('own', { kind: 'hold', scope: node('pve2'), scopeName: 'pve2' }),
          general('above', { kind: 'ignore', scope: cluster(C1), scopeName: 'Homelab Cluster 1' }),
          general('below', { kind: 'ignore' }),
          general('other', { kind: 'ignore', scope: cluster(C2), scopeName: 'Homelab Cluster 2' }),
          rule('package', { scope: node('pve2') }),
        ],
      });
    });
    const menu = await second(user, 'pve2');
    expect(labels()).toEqual(['Ignore', 'Snooze for a day', 'Snooze for a week', 'Snooze for a month', 'Hold', 'Remove the rule', 'Remove the rule']);
    expect(menu.getByTestId('action-hold').textContent).toContain('It is so already');
    const above = menu.getByTestId('action-inherited-above');
    expect(above.getAttribute('aria-disabled')).toBe('true');
    expect(above.textContent).toContain('Ignored. Set for all packages of Homelab Cluster 1: remove it under Updates, Rules');
    expect(menu.getByTestId('action-remove-rule').textContent).toBe('Remove the ruleHeld');
    await user.click(menu.getByTestId('action-remove-rule'));
    await waitFor(() => expect(host.requests('remove_rule')).toEqual([{ rule: 'own' }]));
    expect((await screen.findByTestId('notice-ok')).textContent).toContain('Rule removed.');
  });

  it('removes those of several LXCs together', async () => {
    const { user, host } = await open((host) => {
      host.answers.rules = () => ({ rules: [general('a', {}), general('b', { scope: guest(201), scopeName: 'mariadb', kind: 'hold' })] });
    });
    await user.click(row('nextcloud'));
    await user.keyboard('{Shift>}{ArrowDown}{ArrowDown}{/Shift}');
    const remove = (await second(user, 'mariadb')).getByTestId('action-remove-rule');
    expect(remove.textContent).toBe('Remove the rules2 of 3 LXCs have one');
    await user.click(remove);
    await waitFor(() => expect(host.requests('remove_rule')).toEqual([{ rule: 'a' }, { rule: 'b' }]));
    expect((await screen.findByTestId('notice-ok')).textContent).toContain('2 rules removed.');
  });

  it('makes none about a template', async () => {
    const { user } = await open();
    await user.pointer({ keys: '[MouseRight]', target: row('tmpl-debian-12') });
    const entry = await screen.findByTestId('action-set-aside');
    expect(entry.getAttribute('aria-disabled')).toBe('true');
    expect(entry.textContent).toContain('A template is not changed');
    const picture = fromSnapshot(FLEET);
    const both = scopeOfGuests(picture, FLEET.guests.filter(({ name }) => name === 'tmpl-debian-12' || name === 'nextcloud'));
    expect(asideEntries(both, []).find(({ id }) => id === 'ignore')?.verdict).toEqual({ able: true, note: 'Not counted, not in plans for several' });
  });

  it('says why the rules cannot be read, and opens nothing', async () => {
    const { user } = await open((host) => {
      host.answers.rules = () => {
        throw failure('internal', 'The rules cannot be read.');
      };
    });
    await user.pointer({ keys: '[MouseRight]', target: row('nextcloud') });
    await user.click(await screen.findByTestId('action-set-aside'));
    expect((await screen.findByTestId('notice-error')).textContent).toContain('The rules cannot be read.');
    expect(screen.queryByTestId('menu')).toBeNull();
  });

  it('does not open over a menu that was opened meanwhile', async () => {
    let answer: (rules: { rules: [] }) => void = () => undefined;
    const { user } = await open((host) => {
      host.answers.rules = () => new Promise((done) => { answer = done; });
    });
    await user.pointer({ keys: '[MouseRight]', target: row('nextcloud') });
    await user.click(await screen.findByTestId('action-set-aside'));
    await user.pointer({ keys: '[MouseRight]', target: row('mariadb') });
    await screen.findByTestId('action-scan');
    answer({ rules: [] });
    await frame();
    expect(screen.queryByTestId('action-ignore')).toBeNull();
    expect(screen.getByTestId('action-scan')).toBeTruthy();
  });

  it('is worded in the list of rules and in the panel', async () => {
    const all = general('all', { kind: 'snooze', until: NOW + 7 * DAY, scope: node('pve2'), scopeName: 'pve2' });
    const { user } = await open((host) => {
      host.answers.rules = () => ({ rules: [all, general('whole', { scope: { kind: 'fleet' }, scopeName: 'All clusters' })] });
      host.answers.guest_details = () => ({ ...details(200), rules: [{ package: null, rule: all }] });
    });
    await user.click(row('nextcloud'));
    expect((await screen.findByTestId('rule-all')).textContent).toBe('Snoozed until 29 Nov 2026: all packages of pve2. Packages with a rule of their own follow that one.');
    expect(screen.getByTestId('rule-openssl').textContent).toBe('Snoozed until 29 Nov 2026all packages of pve2');
    await user.click(screen.getByTestId('more-openssl'));
    expect((await screen.findByTestId('action-remove-rule')).textContent).toContain('Set for all packages of pve2: remove it under Updates, Rules');
    await user.keyboard('{Escape}');
    await user.click(screen.getByTestId('view-updates'));
    await user.click(await screen.findByTestId('updates-part-rules'));
    expect((await screen.findByTestId('rule-row-all')).textContent).toContain('All packagesSnoozed until 29 Nov 2026pve2');
    expect(screen.getByRole('button', { name: 'Remove the rule about all packages for pve2' })).toBeTruthy();
    expect(screen.getByRole('button', { name: 'Remove the rule about all packages for The whole fleet' })).toBeTruthy();
  });
});

/** Up to date with some set aside, as Rust will say it: its binding has no number for that yet. */
const quiet = { kind: 'upToDate', blocked: 0, ignored: 5 } satisfies UpdateState;
const PARTS: Record<number, Partial<GuestRow>> = {
  100: { approved: 1 },
  200: { approved: 3, updates: { kind: 'updates', counts: { ...counts(5, 2), ignored: 2 } } },
  201: { updates: quiet },
  202: { updates: { kind: 'stale', since: NOW, counts: { ...counts(0), ignored: 4 } } },
};

function marked(host: MemoryHost): void {
  const guests = FLEET.guests.map((one) => ({ ...one, ...PARTS[one.vmid] }));
  const clusters = FLEET.clusters.map((one) => (one.id === C1 ? { ...one, updates: { ...one.updates, ignored: 7 } } : one));
  const nodes = FLEET.nodes.map((one) => (one.key.node === 'pve2' ? { ...one, updates: { ...one.updates, ignored: 7 } } : one));
  host.answers.snapshot = () => ({ seq: 10, fleet: { ...FLEET, guests, clusters, nodes }, operations: [] });
}

const cellOf = (name: string) => {
  const cell = row(name).querySelector<HTMLElement>('.updates');
  if (cell === null) throw new Error(`no cell of ${name}`);
  return cell;
};
const figures = (name: string) => [...cellOf(name).querySelectorAll('.marked .status')].map((one) => `${one.getAttribute('title')}: ${one.textContent}`);

describe('approved and set aside in the tree', () => {
  it('stands in the cell of each row as figures, and in words for the pointer and for readers', async () => {
    await open(marked);
    expect(figures('nextcloud')).toEqual(['3 approved: 3', '2 set aside by rules: 2']);
    expect(cellOf('nextcloud').title).toBe('3 approved · 2 set aside by rules');
    expect(within(cellOf('nextcloud')).getByText('3 approved · 2 set aside by rules')).toBeTruthy();
    expect(figures('ubuntu-docker-01')).toEqual(['1 approved: 1']);
    expect(figures('gitea')).toEqual([]);
    expect(cellOf('gitea').title).toBe('');
  });

  it('sums them for nodes and clusters', async () => {
    const { host } = await open(marked);
    expect(figures('pve1')).toEqual(['1 approved: 1']);
    expect(figures('pve2')).toEqual(['3 approved: 3', '7 set aside by rules: 7']);
    expect(figures('Homelab Cluster 1')).toEqual(['4 approved: 4', '7 set aside by rules: 7']);
    expect(figures('Homelab Cluster 2')).toEqual([]);
    const now = FLEET.guests.filter(({ vmid }) => vmid === 100).map((one) => ({ ...one, approved: 2 }));
    host.send({ kind: 'fleet', patch: { clusters: [], nodes: [], guests: now, goneClusters: [], goneNodes: [], goneGuests: [], totals: null } });
    await frame();
    expect(figures('Homelab Cluster 1')[0]).toBe('5 approved: 5');
  });

  it('never says simply up to date where rules set something aside', async () => {
    const { user } = await open(marked);
    expect(within(cellOf('mariadb')).getByText('Up to date').closest('[title]')?.getAttribute('title')).toBe('5 set aside by rules');
    expect(figures('mariadb')).toEqual(['5 set aside by rules: 5']);
    expect(within(cellOf('home-assistant')).getByText('Was up to date').closest('[title]')?.getAttribute('title')).toContain('4 set aside by rules');
    await user.pointer({ keys: '[MouseRight]', target: row('mariadb') });
    expect((await screen.findByTestId('action-update')).textContent).toContain('All of it is set aside by rules');
    expect(screen.getByTestId('action-approve').textContent).toContain('All of it is set aside by rules');
  });

  it('is said in the panel of an LXC by its row, and once its list is read by that', async () => {
    const aside = general('all', { kind: 'ignore' });
    let answer = (): void => undefined;
    const read = new Promise<void>((done) => { answer = done; });
    const { user } = await open((host) => {
      marked(host);
      const before = host.answers.snapshot;
      host.answers.snapshot = async (request) => {
        const all = await before(request);
        return { ...all, fleet: { ...all.fleet, guests: all.fleet.guests.map((one) => (one.vmid === 203 ? { ...one, updates: { kind: 'upToDate', blocked: 0, ignored: 0 } } : one)) } };
      };
      // All lists here have six: one that is not held back may come before or after the first look at the panel.
      host.answers.guest_details = async ({ guest }) => {
        if (guest === guestId(201)) await read;
        return { ...details(200), rules: guest === guestId(200) ? [] : [{ package: null, rule: aside }] };
      };
    });
    await user.click(row('mariadb'));
    expect((await screen.findByTestId('panel-marked')).textContent).toBe('5 set aside by rules');
    expect(screen.getByTestId('standing').textContent).toBe('Up to date5 set aside by rules');
    answer();
    await waitFor(() => expect(screen.getByTestId('panel-marked').textContent).toBe('6 set aside by rules'));
    expect(screen.getByTestId('standing').textContent).toBe('Up to date6 set aside by rules');
    await user.click(row('gitea'));
    await screen.findByTestId('rule-all');
    expect(screen.getByTestId('standing').textContent).toBe('Up to date6 set aside by rules');
  });

  it('is said in the panels of nodes, clusters and selections', async () => {
    const { user } = await open(marked);
    await user.click(row('pve2'));
    expect((await screen.findByTestId('below-updates')).textContent).toContain('3 approved7 set aside by rules');
    await user.click(row('Homelab Cluster 1'));
    await waitFor(() => expect(screen.getByTestId('below-updates').textContent).toContain('4 approved7 set aside by rules'));
    await user.click(row('nextcloud'));
    await user.keyboard('{Shift>}{ArrowDown}{/Shift}');
    expect(screen.getByTestId('panel').textContent).toContain('3 approved7 set aside by rules');
  });
});
