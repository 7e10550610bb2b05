// The palette: how it judges what was typed, what it offers, what it does.
import { act, screen, waitFor } from '@testing-library/react';
import { describe, expect, it } from 'vitest';
import { find, offerNow } from '../src/palette/items';
import { best, score } from '../src/palette/score';
import { openPalette, usePalette } from '../src/palette/state';
import { usePanel } from '../src/panel/state';
import { fromSnapshot } from '../src/live/fleet';
import { useLive } from '../src/live/store';
import { useTreeView } from '../src/tree/view';
import { bigFleet, C1, guestId } from './fixtures/fleet';
import { open, row } from './open';

describe('the score', () => {
  const of = (text: string, query: string) => score(text, query) ?? -1;

  it('puts a beginning before the beginning of a word, that before letters in order', () => {
    expect(of('scan all', 'sca')).toBeGreaterThan(of('start scan', 'sca'));
    expect(of('start scan', 'sca')).toBeGreaterThan(of('set caution away', 'sca'));
    expect(of('set caution away', 'sca')).toBeGreaterThan(0);
    expect(score('mariadb', 'sca')).toBeNull();
    expect(score('copy name', 'pa')).toBeNull();
  });

  it('finds words in any order, and numbers', () => {
    expect(of('install agent… nextcloud', 'next inst')).toBeGreaterThan(0);
    expect(score('install agent… nextcloud', 'next foo')).toBeNull();
    expect(of('nextcloud 200', '200')).toBeGreaterThan(of('guest-12 2001', '200') - 500);
    expect(score('gitea 203', '03')).toBeNull();
  });

  it('prefers the shorter of two that answer alike, and what was used before', () => {
    const names = ['update all, security only', 'update all'];
    expect(best(names, 'UPD', 5, (name) => name, () => 0).found).toEqual(['update all', 'update all, security only']);
    expect(best(names, 'upd', 5, (name) => name, (name) => (name === names[0] ? 450 : 0)).found[0]).toBe(names[0]);
    expect(best(names, 'upd', 1, (name) => name, () => 0)).toEqual({ found: ['update all'], more: true });
  });
});

it('answers among 10,000 LXCs with at most 50, fast', () => {
  useLive.setState({ fleet: fromSnapshot(bigFleet()) });
  const offer = offerNow();
  const began = performance.now();
  const { items, more } = find(offer, 'gu 1', []);
  const took = performance.now() - began;
  expect(items).toHaveLength(50);
  expect(more).toBe(true);
  expect(find(offer, 'guest-9999', []).items[0]?.label).toBe('guest-9999');
  expect(find(offer, '10999', []).items[0]?.label).toBe('guest-9999');
  // A frame or two; a loaded machine is slow, not wrong.
  expect(took).toBeLessThan(500);
});

describe('the dialog', () => {
  const type = async (text: string) => {
    const opened = await open();
    await opened.user.click(row('nextcloud'));
    await opened.user.keyboard('{Control>}k{/Control}');
    await opened.user.type(await screen.findByTestId('palette-field'), text);
    return opened;
  };

  it('does the best answer on Enter', async () => {
    const { user, host } = await type('scan for');
    await screen.findByTestId('command-scan');
    await waitFor(() => expect(screen.getByTestId('command-scan').hasAttribute('data-highlighted')).toBe(true));
    await user.keyboard('{Enter}');
    await waitFor(() => expect(host.requests('start_scan')).toEqual([{ targets: [{ kind: 'guest', guest: guestId(200) }] }]));
    expect(screen.queryByTestId('palette')).toBeNull();
    expect(usePalette.getState().recent).toEqual(['scan']);
  });

  it('shows what cannot be done, with the reason', async () => {
    const { user, host } = await type('install agent');
    const entry = await screen.findByTestId('command-enrol');
    expect(entry.textContent).toContain('Already installed');
    await user.click(entry);
    expect(host.requests('make_plan')).toEqual([]);
    expect(screen.getByTestId('palette')).toBeTruthy();
  });

  it('goes to an LXC by its number, and opens what is above it', async () => {
    const { user } = await type('300');
    act(() => useTreeView.setState({ open: new Set() }));
    await user.click(await screen.findByTestId(`command-guest:${guestId(300)}`));
    await waitFor(() => expect(row('monitoring')).toBeTruthy());
    expect(useTreeView.getState().focus).toBe(`guest:${guestId(300)}`);
    expect(usePanel.getState().open).toBe(true);
    await waitFor(() => expect(document.activeElement).toBe(row('monitoring')));
  });

  it('finds LXCs from every view, and clears a filter that hides them', async () => {
    const { user } = await open();
    await user.type(screen.getByTestId('filter'), 'jellyfin');
    await user.click(screen.getByTestId('view-history'));
    act(openPalette);
    await user.type(await screen.findByTestId('palette-field'), 'pve1');
    await user.click(await screen.findByTestId(`command-node:${C1}/pve1`));
    await waitFor(() => expect(row('pve1')).toBeTruthy());
    expect(useTreeView.getState().filter).toBe('');
  });

  it('offers what was used before first', async () => {
    usePalette.setState({ recent: ['theme-light', 'add-cluster'] });
    const { user } = await open();
    await user.click(screen.getByTestId('commands'));
    const list = await screen.findByTestId('palette-list');
    const options = [...list.querySelectorAll('[role="option"]')].map((one) => one.textContent);
    expect(options.slice(0, 2)).toEqual(['Theme: light', 'Add cluster…']);
    await user.keyboard('{Escape}');
    await waitFor(() => expect(screen.queryByTestId('palette')).toBeNull());
    expect(document.activeElement).toBe(screen.getByTestId('commands'));
  });

  it('says that nothing matches', async () => {
    await type('zzzz');
    await waitFor(() => expect(screen.getByTestId('palette').textContent).toContain('Nothing matches “zzzz”.'));
  });
});
