// Theme, contrast, motion, density and zoom, and the keys that change them or do without letters.
import { act, screen, waitFor } from '@testing-library/react';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ACTIONS } from '../src/actions/registry';
import { chordOf } from '../src/app/chord';
import { followLook, zoomBy } from '../src/app/theme';
import { usePreferences } from '../src/live/preferences';
import { USUAL_PREFERENCES } from './fixtures/preferences';
import { MemoryHost } from './host';
import { install } from '../src/host';
import { frame, open, row } from './open';

const look = (part: Partial<typeof USUAL_PREFERENCES.look>) => ({ ...USUAL_PREFERENCES, look: { ...USUAL_PREFERENCES.look, ...part } });
const worn = () => ({ ...document.documentElement.dataset });

/** What the system asks for, and a way to change it. */
function system(asked: Record<string, boolean>): (query: string, matches: boolean) => void {
  const listeners = new Map<string, Set<() => void>>();
  const lists = new Map<string, { matches: boolean }>();
  vi.spyOn(window, 'matchMedia').mockImplementation((query) => {
    const of = listeners.get(query) ?? new Set();
    listeners.set(query, of);
    const list = { matches: asked[query] ?? false, addEventListener: (_: string, hear: () => void) => of.add(hear), removeEventListener: (_: string, hear: () => void) => of.delete(hear) };
    lists.set(query, list);
    return list as unknown as MediaQueryList;
  });
  return (query, matches) => {
    Object.assign(lists.get(query) ?? {}, { matches });
    for (const hear of listeners.get(query) ?? []) hear();
  };
}

describe('the document', () => {
  beforeEach(() => install(new MemoryHost()));
  let end = () => undefined as void;
  afterEach(() => end());

  it('follows the system, and the user where something was chosen', () => {
    const change = system({ '(prefers-color-scheme: light)': true });
    end = followLook();
    expect(worn()).toMatchObject({ theme: 'light' });
    change('(prefers-color-scheme: light)', false);
    expect(worn()).toMatchObject({ theme: 'dark' });
    usePreferences.setState(look({ theme: 'light', highContrast: true, reducedMotion: true, compact: true }));
    expect(worn()).toMatchObject({ theme: 'light', contrast: 'high', motion: 'reduced', density: 'compact' });
    usePreferences.setState(look({ theme: 'dark' }));
    expect(worn()).toEqual({ theme: 'dark' });
    change('(prefers-contrast: more)', true);
    change('(prefers-reduced-motion: reduce)', true);
    expect(worn()).toEqual({ theme: 'dark', contrast: 'high', motion: 'reduced' });
  });

  it('zooms in steps of ten between 80 and 200 %', () => {
    end = followLook();
    const zoom = () => usePreferences.getState().look.zoom;
    act(() => zoomBy(1));
    expect(zoom()).toBe(110);
    expect(document.documentElement.style.getPropertyValue('zoom')).toBe('1.1');
    for (let i = 0; i < 12; i += 1) act(() => zoomBy(1));
    expect(zoom()).toBe(200);
    act(() => zoomBy(0));
    expect(document.documentElement.style.getPropertyValue('zoom')).toBe('');
    for (let i = 0; i < 5; i += 1) act(() => zoomBy(-1));
    expect(zoom()).toBe(80);
  });
});

describe('preferences', () => {
  it('are read at the start, and shown when another place changed them', async () => {
    const { host } = await open((host) => {
      host.answers.preferences = () => look({ compact: true });
    });
    await waitFor(() => expect(usePreferences.getState().look.compact).toBe(true));
    host.send({ kind: 'preferences', preferences: look({ theme: 'light' }) });
    await frame();
    expect(usePreferences.getState().look).toMatchObject({ theme: 'light', compact: false });
  });
});

describe('keys', () => {
  it('are written as they are shown', () => {
    const press = (key: string, part: object = {}) => chordOf({ key, ctrlKey: false, metaKey: false, shiftKey: false, altKey: false, ...part });
    expect(press('s', { ctrlKey: true, shiftKey: true })).toBe('Ctrl Shift S');
    expect(press('k', { metaKey: true })).toBe('Ctrl K');
    expect(press('+', { ctrlKey: true, shiftKey: true })).toBe('Ctrl +');
    expect(press('-', { ctrlKey: true })).toBe('Ctrl −');
    expect(press('?', { shiftKey: true })).toBe('?');
    expect(press('F6', { shiftKey: true })).toBe('Shift F6');
    expect(press('s', { altKey: true })).toBeNull();
  });

  it('with Ctrl stand beside every letter, each once', () => {
    expect(ACTIONS.filter((action) => action.letter !== null && action.ctrl === undefined)).toEqual([]);
    const chords = ACTIONS.flatMap((action) => action.ctrl ?? []);
    expect(new Set(chords).size).toBe(chords.length);
  });

  it('do the same without letters', async () => {
    const { user, host } = await open((host) => {
      host.answers.preferences = () => look({ letters: false });
    });
    await waitFor(() => expect(usePreferences.getState().look.letters).toBe(false));
    await user.click(row('nextcloud'));
    await user.keyboard('s');
    expect(host.requests('start_scan')).toEqual([]);
    await user.keyboard('?');
    expect(screen.queryByTestId('shortcuts')).toBeNull();
    await user.keyboard('{Control>}{Shift>}S{/Shift}{/Control}');
    await waitFor(() => expect(host.requests('start_scan')).toHaveLength(1));
    await user.keyboard('{Control>}{Shift>}A{/Shift}{/Control}');
    await waitFor(() => expect(host.requests('approve_updates')).toHaveLength(1));
    await user.keyboard('{Control>}u{/Control}');
    await waitFor(() => expect(host.requests('make_plan')).toMatchObject([{ kind: 'update' }]));
  });

  it('with Ctrl work on what is ticked, from anywhere in the fleet, and say why not', async () => {
    const { user, host } = await open();
    await user.click(row('vaultwarden'));
    act(() => screen.getByTestId('filter').focus());
    await user.keyboard('{Control>}i{/Control}');
    await waitFor(() => expect(host.requests('make_plan')).toMatchObject([{ kind: 'enrol' }]));
    await user.keyboard('{Escape}');
    await user.keyboard('{Control>}{Shift>}S{/Shift}{/Control}');
    expect((await screen.findByTestId('notice-error')).textContent).toContain('No agent. Install it first');
  });

  it('zoom, and lead to the settings', async () => {
    const { user } = await open();
    await user.keyboard('{Control>}+{/Control}');
    expect(usePreferences.getState().look.zoom).toBe(110);
    await user.keyboard('{Control>}0{/Control}');
    expect(usePreferences.getState().look.zoom).toBe(100);
    await user.keyboard('{Control>}7{/Control}');
    expect(screen.getByTestId('settings-view')).toBeTruthy();
  });

  it('O opens the row in Proxmox', async () => {
    const opened = vi.spyOn(window, 'open').mockReturnValue(null);
    const { user } = await open();
    await user.click(row('nextcloud'));
    await user.keyboard('o');
    await user.click(row('pve2'));
    await user.keyboard('{Control>}o{/Control}');
    await user.click(row('Homelab Cluster 1'));
    await user.keyboard('o');
    expect(opened.mock.calls.map(([page]) => page)).toEqual(['https://192.168.1.10:8006/#v1:0:=lxc%2F200', 'https://192.168.1.10:8006/#v1:0:=node%2Fpve2', 'https://192.168.1.10:8006/#v1:0:18']);
  });
});

it('lists the keys as the actions have them', async () => {
  const { user } = await open();
  await user.click(row('nextcloud'));
  await user.keyboard('?');
  const shown = (await screen.findByTestId('shortcuts')).textContent;
  for (const part of ['Scan for updates', 'Ctrl Shift S', 'Open in Proxmox', 'Go to Settings', 'Ctrl 7', 'Operations below the fleet', 'Next region', 'Shift F10']) expect(shown).toContain(part);
  await user.keyboard('{Escape}');
  await waitFor(() => expect(screen.queryByTestId('shortcuts')).toBeNull());
});
