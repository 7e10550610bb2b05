// The filter's field, saved filters, and the columns of the tree.
import { act, screen, waitFor, within } from '@testing-library/react';
import { describe, expect, it } from 'vitest';
import { saveView } from '../src/app/saving';
import type { SavedView } from '../src/bindings/SavedView';
import { usePreferences } from '../src/live/preferences';
import { useTreeView } from '../src/tree/view';
import { USUAL_PREFERENCES } from './fixtures/preferences';
import { open, row } from './open';

const field = () => screen.getByTestId<HTMLInputElement>('filter');
const vmids = () => [...document.querySelectorAll<HTMLElement>('[data-vmid]')].map((one) => Number(one.dataset['vmid']));
const filter = () => useTreeView.getState().filter;

describe('the field', () => {
  it('makes a chip at a blank, counts, and Backspace takes it back', async () => {
    const { user } = await open();
    await user.type(field(), 'tag:prod state:run');
    expect(screen.getByTestId('chip-tag:prod')).toBeTruthy();
    expect(field().value).toBe('state:run');
    expect(screen.getByTestId('filter-matches').textContent).toBe('5 of 14');
    expect(screen.getByTestId('shown').textContent).toBe('5 of 14 LXCs shown · filter tag:prod');
    await user.keyboard('ning{Enter}');
    expect(filter()).toBe('tag:prod state:running');
    expect(field().value).toBe('');
    await user.keyboard('{Backspace}');
    expect(filter()).toBe('tag:prod');
    await user.click(screen.getByRole('button', { name: 'Remove tag:prod' }));
    expect(filter()).toBe('');
    expect(document.activeElement).toBe(field());
    expect(vmids()).toHaveLength(14);
  });

  it('suggests by the keyboard: down, Enter, Tab, Escape', async () => {
    const { user } = await open();
    await user.type(field(), 'ta');
    expect(field().getAttribute('aria-expanded')).toBe('true');
    await user.keyboard('{ArrowDown}');
    const option = screen.getByTestId('suggest-tag:');
    expect(option.getAttribute('aria-selected')).toBe('true');
    expect(field().getAttribute('aria-activedescendant')).toBe(option.id);
    await user.keyboard('{Enter}');
    expect(field().value).toBe('tag:');
    expect(screen.getByTestId('suggest-tag:prod').textContent).toContain('5 LXCs');
    await user.keyboard('w{Tab}');
    expect(filter()).toBe('tag:web');
    expect(document.activeElement).toBe(field());
    await user.keyboard('sta');
    expect(screen.getByRole('listbox')).toBeTruthy();
    await user.keyboard('{Escape}');
    expect(screen.queryByRole('listbox')).toBeNull();
    expect(filter()).toBe('tag:web sta');
    await user.keyboard('{Escape}');
    expect(filter()).toBe('');
  });

  it('takes a suggestion by the pointer, and goes to the tree by Enter', async () => {
    const { user } = await open();
    await user.click(field());
    await user.click(screen.getByTestId('suggest-agent:'));
    await user.click(screen.getByTestId('suggest-agent:missing'));
    expect(vmids()).toEqual([104]);
    await user.keyboard('{Enter}');
    expect(document.activeElement?.getAttribute('role')).toBe('row');
  });

  it('says which values there are, and which key there is not', async () => {
    const { user } = await open();
    await user.type(field(), 'state:foo ');
    expect(screen.getByTestId('filter-hint').textContent).toContain('There are running, stopped');
    expect(field().value).toBe('state:foo ');
    expect(vmids()).toHaveLength(14);
    await user.clear(field());
    await user.type(field(), 'colour:red');
    expect(screen.getByTestId('filter-hint').textContent).toContain('There is no key “colour”');
    expect(screen.getByText(/Nothing matches/)).toBeTruthy();
  });

  it('reads what a key needs', async () => {
    const { user, host } = await open();
    await user.type(field(), 'severity:high ');
    await waitFor(() => expect(vmids()).toEqual([202, 300]));
    expect(host.requests('fleet_updates')).toHaveLength(1);
    await user.type(field(), 'image:nginx ');
    await waitFor(() => expect(vmids()).toEqual([300]));
  });
});

const VIEWS: SavedView[] = [{ name: 'Security', filter: 'state:security', grouping: 'hierarchy' }, { name: 'No agent', filter: 'agent:missing', grouping: 'updateType' }];
const withViews = () => open((host) => {
  host.answers.preferences = () => ({ ...USUAL_PREFERENCES, views: VIEWS });
});
const names = () => within(screen.getByTestId('saved-filters')).getAllByRole('button').flatMap((one) => (one.dataset['testid']?.startsWith('saved-') === true ? one.textContent : []));

describe('saved filters', () => {
  it('are drawn from the first one on, and keep text and grouping', async () => {
    const { user, host } = await open();
    expect(screen.queryByTestId('saved-filters')).toBeNull();
    await user.click(screen.getByTestId('group-updateType'));
    await user.type(field(), 'tag:prod web');
    await user.click(screen.getByTestId('filter-save'));
    await user.type(await screen.findByTestId('save-filter-name'), 'Prod web{Enter}');
    await waitFor(() => expect(host.requests('set_preferences').at(-1)?.views).toEqual([{ name: 'Prod web', filter: 'tag:prod web', grouping: 'updateType' }]));
    expect(names()).toEqual(['Prod web1 LXC']);
    expect(screen.getByTestId('saved-Prod web').getAttribute('aria-pressed')).toBe('true');
  });

  it('are applied with their grouping, and count by themselves', async () => {
    const { user, host } = await withViews();
    await waitFor(() => expect(names()).toEqual(['Security1 LXC', 'No agent1 LXC']));
    await user.click(screen.getByTestId('saved-No agent'));
    expect(filter()).toBe('agent:missing');
    expect(screen.getByTestId('chip-agent:missing')).toBeTruthy();
    expect(usePreferences.getState().grouping).toBe('updateType');
    await waitFor(() => expect(host.requests('set_preferences')).toHaveLength(1));
  });

  it('are renamed, moved and removed by the keyboard', async () => {
    const { user, host } = await withViews();
    const kept = () => host.requests('set_preferences').at(-1)?.views.map(({ name }) => name);
    act(() => screen.getByTestId('saved-Security').focus());
    await user.keyboard('{Alt>}{ArrowDown}{/Alt}');
    await waitFor(() => expect(kept()).toEqual(['No agent', 'Security']));
    await user.keyboard('{F2}');
    const name = await screen.findByTestId<HTMLInputElement>('save-filter-name');
    await user.clear(name);
    await user.type(name, 'No agent');
    expect(screen.getByText('There is another one with this name.')).toBeTruthy();
    await user.type(name, ' at all{Enter}');
    await waitFor(() => expect(kept()).toEqual(['No agent', 'No agent at all']));
    act(() => screen.getByTestId('saved-No agent').focus());
    await user.keyboard('{Delete}');
    await waitFor(() => expect(kept()).toEqual(['No agent at all']));
    expect(screen.getByTestId('notice-ok').textContent).toContain('Filter “No agent” removed.');
    expect(document.activeElement).toBe(screen.getByTestId('saved-No agent at all'));
  });

  it('come back where they stood, with the focus, when a removal is undone by keys', async () => {
    const { user, host } = await withViews();
    const kept = () => host.requests('set_preferences').at(-1)?.views;
    const before = usePreferences.getState().views;
    act(() => screen.getByTestId('saved-Security').focus());
    await user.keyboard('{Delete}');
    await waitFor(() => expect(kept()?.map(({ name }) => name)).toEqual(['No agent']));
    act(() => screen.getByTestId('saved-No agent').focus());
    await user.keyboard('{Shift>}{F6}{/Shift}{Shift>}{F6}{/Shift}');
    expect(document.activeElement).toBe(screen.getByTestId('notice-action'));
    expect(document.activeElement?.textContent).toBe('Undo');
    await user.keyboard('{Enter}');
    await waitFor(() => expect(kept()).toEqual(before));
    await waitFor(() => expect(document.activeElement).toBe(screen.getByTestId('saved-Security')));
    expect(screen.queryByTestId('notice-ok')).toBeNull();
  });

  it('do not come back over one that has their name by now', async () => {
    const { user } = await withViews();
    act(() => screen.getByTestId('saved-Security').focus());
    await user.keyboard('{Delete}');
    act(() => saveView('Security', 'tag:web'));
    await user.click(await screen.findByTestId('notice-action'));
    expect((await screen.findByTestId('notice-error')).textContent).toContain('Filter “Security” cannot come back');
    expect(usePreferences.getState().views.find(({ name }) => name === 'Security')?.filter).toBe('tag:web');
  });

  it('have a menu that says why something cannot be done', async () => {
    const { user } = await withViews();
    await user.pointer({ keys: '[MouseRight]', target: screen.getByTestId('saved-Security') });
    const menu = await screen.findByTestId('menu');
    expect(within(menu).getByTestId('action-view-up').textContent).toContain('It is the first already');
    await user.click(within(menu).getByTestId('action-view-remove'));
    expect(names()).toEqual(['No agent1 LXC']);
  });

  it('replace the one of the same name', async () => {
    const { user, host } = await withViews();
    await user.type(field(), 'tag:web ');
    await user.click(screen.getByTestId('filter-save'));
    await user.type(await screen.findByTestId('save-filter-name'), 'Security');
    expect(screen.getByTestId('save-filter-done').textContent).toBe('Replace');
    await user.click(screen.getByTestId('save-filter-done'));
    await waitFor(() => expect(host.requests('set_preferences').at(-1)?.views).toMatchObject([{ name: 'Security', filter: 'tag:web' }, { name: 'No agent' }]));
  });
});

describe('columns', () => {
  const heads = () => within(screen.getByRole('treegrid')).getAllByRole('columnheader').map((one) => one.textContent);
  const indices = (name: string) => [...row(name).children].map((cell) => Number(cell.getAttribute('aria-colindex')));

  it('leave and return, are counted right, and are kept', async () => {
    const { user, host } = await open();
    expect(screen.getByRole('treegrid').getAttribute('aria-colcount')).toBe('11');
    await user.click(screen.getByTestId('columns'));
    const menu = await screen.findByTestId('column-menu');
    expect(within(menu).getAllByRole('menuitemcheckbox')).toHaveLength(9);
    await user.click(screen.getByTestId('column-images'));
    await user.click(screen.getByTestId('column-cpu'));
    expect(screen.getByTestId('column-cpu').getAttribute('aria-checked')).toBe('false');
    expect(heads()).toEqual(['Selected', 'Name', 'State', 'Updates', 'Agent', 'Node / IP', 'Uptime', 'RAM', 'Checked']);
    const grid = screen.getByTestId('tree');
    expect(grid.getAttribute('aria-colcount')).toBe('9');
    expect(grid.style.getPropertyValue('--cols')).toBe('28px var(--c-name) var(--c-state) var(--c-updates) var(--c-agent) var(--c-address) var(--c-uptime) var(--c-memory) var(--c-checked)');
    for (const name of ['nextcloud', 'pve1', 'Homelab Cluster 1']) expect(indices(name)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    await waitFor(() => expect(host.requests('set_preferences').at(-1)?.hidden).toEqual(['images', 'cpu']));
    await user.click(screen.getByTestId('column-images'));
    expect(heads()).toContain('Images');
  });

  it('can be changed by the keyboard alone, and one stays', async () => {
    const { user } = await open((host) => {
      host.answers.preferences = () => ({ ...USUAL_PREFERENCES, hidden: ['images', 'agent', 'address', 'uptime', 'cpu', 'memory', 'checked'] });
    });
    await waitFor(() => expect(heads()).toEqual(['Selected', 'Name', 'State', 'Updates']));
    act(() => screen.getByTestId('columns').focus());
    await user.keyboard('{Enter}');
    await screen.findByTestId('column-menu');
    await user.keyboard('{ArrowDown}{ArrowDown}');
    await user.click(screen.getByTestId('column-state'));
    expect(screen.getByTestId('column-updates').getAttribute('aria-disabled')).toBe('true');
    expect(screen.getByTestId('column-updates').textContent).toContain('One column stays');
  });
});
