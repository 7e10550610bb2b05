// The menu of the window and the other ways to update, by mouse and by keys.
import { act, fireEvent, screen, waitFor } from '@testing-library/react';
import type { UserEvent } from '@testing-library/user-event';
import { describe, expect, it } from 'vitest';
import { usePlace } from '../src/app/place';
import { usePreferences } from '../src/live/preferences';
import { useTreeView } from '../src/tree/view';
import { guestId } from './fixtures/fleet';
import { open, row } from './open';

describe('the menu of the window', () => {
  it('is reached by F10 and by Alt alone, and opened by the keys', async () => {
    const { user } = await open();
    await user.keyboard('{F10}');
    expect(document.activeElement).toBe(screen.getByTestId('main-menu'));
    await user.click(row('nextcloud'));
    await user.keyboard('{Alt>}{Tab}{/Alt}');
    expect(document.activeElement).not.toBe(screen.getByTestId('main-menu'));
    await user.keyboard('{Alt}');
    expect(document.activeElement).toBe(screen.getByTestId('main-menu'));
    await user.keyboard('{Enter}');
    await screen.findByTestId('main-menu-list');
    await user.keyboard('{Escape}');
    await waitFor(() => expect(screen.queryByTestId('main-menu-list')).toBeNull());
    expect(document.activeElement).toBe(screen.getByTestId('main-menu'));
  });

  // There is no layout here, and a pointer that leaves the entry of a part closes it: the keys lead into it, clicks choose.
  async function into(user: UserEvent, id: string) {
    await user.click(screen.getByTestId('main-menu'));
    const entry = await screen.findByTestId(`menu-part-${id}`);
    act(() => entry.focus());
    await user.keyboard('{ArrowRight}');
    await screen.findByTestId(`menu-list-${id}`);
  }
  const choose = async (id: string) => fireEvent.click(await screen.findByTestId(`menu-${id}`));

  async function part(id: string) {
    const opened = await open();
    await opened.user.click(row('nextcloud'));
    await into(opened.user, id);
    return opened;
  }

  it('selects all that is shown, and clears it', async () => {
    await part('selection');
    expect(screen.getByTestId('menu-clear-selection').textContent).toContain('Nothing is selected');
    await choose('select-all');
    expect(useTreeView.getState().ticked.size).toBe(14);
  });

  it('changes views, grouping and theme, and shows which is on', async () => {
    await part('view');
    expect(screen.getByTestId('menu-group-hierarchy').getAttribute('aria-checked')).toBe('true');
    await choose('theme-light');
    expect(usePreferences.getState().look.theme).toBe('light');
    expect(screen.getByTestId('menu-theme-light').getAttribute('aria-checked')).toBe('true');
    await choose('compact-rows');
    expect(usePreferences.getState().look.compact).toBe(true);
    await choose('zoom-in');
    expect(usePreferences.getState().look.zoom).toBe(110);
    await choose('go-history');
    await waitFor(() => expect(usePlace.getState().place.view).toBe('history'));
  });

  it('has the actions of the chosen row, with the reason why not', async () => {
    const { host } = await part('actions');
    expect(screen.getByTestId('menu-act-enrol').textContent).toContain('Already installed');
    await choose('act-scan');
    await waitFor(() => expect(host.requests('start_scan')).toEqual([{ targets: [{ kind: 'guest', guest: guestId(200) }] }]));
  });

  it('backs up, and leads to the settings and to the keys', async () => {
    const { user, host } = await part('file');
    await choose('backup');
    await waitFor(() => expect(host.requests('make_backup')).toHaveLength(1));
    await into(user, 'help');
    await choose('shortcuts');
    await screen.findByTestId('shortcuts');
    await waitFor(() => expect(screen.getByTestId('shortcuts').contains(document.activeElement)).toBe(true));
  });
});

describe('the arrow beside Update all', () => {
  async function arrow(prepare: Parameters<typeof open>[0] = () => undefined) {
    const opened = await open(prepare);
    await opened.user.click(screen.getByTestId('update-more'));
    await screen.findByTestId('update-menu');
    return opened;
  }

  it('plans security updates only', async () => {
    const { user, host } = await arrow();
    await user.click(screen.getByTestId('menu-security-all'));
    await waitFor(() => expect(host.requests('make_plan')).toMatchObject([{ kind: 'update', targets: [{ kind: 'fleet' }], only: { kind: 'security' } }]));
  });

  it('plans Docker images', async () => {
    const { user, host } = await arrow();
    await user.click(screen.getByTestId('menu-images-all'));
    await waitFor(() => expect(host.requests('make_plan')).toMatchObject([{ kind: 'updateImages' }]));
  });

  it('groups the fleet by update type', async () => {
    const { user, host } = await arrow();
    await user.click(screen.getByTestId('menu-by-update-type'));
    await waitFor(() => expect(host.requests('set_preferences').at(-1)?.grouping).toBe('updateType'));
    expect(usePlace.getState().place.view).toBe('fleet');
  });

  it('is about what is shown behind a filter, and says so', async () => {
    const { user, host } = await open();
    await user.type(screen.getByTestId('filter'), 'nextcloud');
    await user.click(screen.getByTestId('update-more'));
    expect((await screen.findByTestId('menu-update-all')).textContent).toContain('Only what the filter shows');
    await user.click(screen.getByTestId('menu-update-all'));
    await waitFor(() => expect(host.requests('make_plan')).toMatchObject([{ targets: [{ kind: 'guest', guest: guestId(200) }], only: { kind: 'all' } }]));
  });
});
