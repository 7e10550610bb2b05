// The settings, page by page: what is shown, what is kept at once, what is asked of Rust.
import { act, screen, waitFor, within } from '@testing-library/react';
import { describe, expect, it } from 'vitest';
import type { Preferences } from '../src/bindings/Preferences';
import { go, type SettingsPage, usePlace } from '../src/app/place';
import { usePreferences } from '../src/live/preferences';
import { clockOf, halfHoursWith } from '../src/settings/quiet';
import { tomorrowMorning } from '../src/settings/pausing';
import { C1, guestId, NOW } from './fixtures/fleet';
import { DATA_INFO, USUAL_PREFERENCES } from './fixtures/preferences';
import { failure, type MemoryHost } from './host';
import { open, row } from './open';

async function page(page: SettingsPage, prepare: (host: MemoryHost) => void = () => undefined) {
  const opened = await open(prepare);
  act(() => go({ view: 'settings', page }));
  await screen.findByTestId(`settings-page-${page}`);
  return opened;
}

const info = (part: object) => (host: MemoryHost) => {
  host.answers.app_info = () => ({ version: '0.1.0', dataDir: '/data', keyStorage: 'keyring', demo: true, tray: 'shown', ...part });
};
const last = (host: MemoryHost): Preferences | undefined => host.requests('set_preferences').at(-1);

it('has a list of pages, and is a view of its own', async () => {
  const { user } = await open();
  await user.click(screen.getByTestId('view-settings'));
  expect(screen.getByTestId('settings-page-general')).toBeTruthy();
  expect(screen.getByTestId('view-settings').getAttribute('aria-current')).toBe('page');
  await user.click(screen.getByTestId('settings-about'));
  expect(screen.getByTestId('settings-page-about').textContent).toContain('MIT OR Apache-2.0');
  expect(screen.getByTestId('about-demo')).toBeTruthy();
});

describe('general', () => {
  it('keeps each change at once', async () => {
    const { user, host } = await page('general');
    await user.click(screen.getByTestId('start-at-login'));
    await waitFor(() => expect(last(host)?.desktop.startAtLogin).toBe(true));
    await user.click(screen.getByRole('switch', { name: 'Keep running in the tray' }));
    await waitFor(() => expect(last(host)?.desktop).toMatchObject({ startAtLogin: true, keepRunning: false }));
  });

  it('cannot keep running where there is no tray, and says why', async () => {
    const { user, host } = await page('general', info({ tray: 'missing' }));
    const keep = await screen.findByRole('switch', { name: 'Keep running in the tray', description: 'This desktop shows no tray icons, so closing the window ends RedFlag' });
    expect(keep.getAttribute('aria-checked')).toBe('false');
    await user.click(keep);
    expect(host.requests('set_preferences')).toEqual([]);
  });

  it('needs the tray icon to keep running', async () => {
    const { user } = await page('general');
    await user.click(screen.getByTestId('tray'));
    expect(screen.getByTestId('keep-running').getAttribute('aria-disabled')).toBe('true');
    expect(screen.getByText('Needs the tray icon')).toBeTruthy();
  });

  it('shows again what is kept when a change cannot be kept', async () => {
    const { user } = await page('general', (host) => {
      host.answers.set_preferences = () => { throw failure('internal', 'The database is full.'); };
    });
    await user.click(screen.getByTestId('start-at-login'));
    expect((await screen.findByTestId('notice-error')).textContent).toContain('The database is full.');
    await waitFor(() => expect(screen.getByTestId('start-at-login').getAttribute('aria-checked')).toBe('false'));
  });
});

describe('clusters, nodes, agents', () => {
  it('offers what can be done to a cluster, by the dialogs of the tree', async () => {
    const { user, host } = await page('clusters');
    expect(screen.getByTestId('settings-cluster-Homelab Cluster 1').textContent).toContain('192.168.1.10:8006 · 2 nodes · 11 LXCs');
    await user.click(screen.getByTestId('edit-Homelab Cluster 1'));
    await screen.findByTestId('cluster-edit');
    await user.keyboard('{Escape}');
    await user.click(screen.getByTestId('switch-Homelab Cluster 1'));
    await waitFor(() => expect(host.requests('set_enabled')).toEqual([{ cluster: C1, enabled: false }]));
    expect(screen.queryByTestId('compare-Homelab Cluster 1')).toBeNull();
    expect(screen.getByTestId('remove-Homelab Cluster 2').title).toBe('An operation runs on it. Wait or cancel first');
    await user.click(screen.getByTestId('settings-add-cluster'));
    expect(screen.getByTestId('wizard-address')).toBeTruthy();
  });

  it('names the way into each node', async () => {
    const { user } = await page('access');
    expect(screen.getByTestId('settings-node-pve1').textContent).toContain('root@192.168.1.11:22');
    expect(screen.getByTestId('settings-node-pve4').textContent).toContain('Not set up');
    await user.click(screen.getByTestId('settings-access-pve4'));
    expect(usePlace.getState().place.view).toBe('wizard');
  });

  it('counts the agents, and makes one plan for those that can be helped', async () => {
    const { user, host } = await page('agents');
    expect(screen.getByTestId('agents-ok').textContent).toContain('Online10');
    await screen.findByTestId('port');
    await user.click(screen.getByTestId('agents-enrol'));
    await waitFor(() => expect(host.requests('make_plan')).toMatchObject([{ kind: 'enrol', targets: [{ kind: 'guest', guest: guestId(104) }] }]));
  });

  it('shows how often registries are asked, and what is set aside', async () => {
    const { user, host } = await page('scanning');
    await user.selectOptions(await screen.findByTestId('image-rhythm'), '24');
    await waitFor(() => expect(host.requests('set_image_rhythm')).toHaveLength(1));
    expect(within(screen.getByTestId('settings-rules')).getByTestId('rule-row-rule-1')).toBeTruthy();
  });
});

describe('notifications', () => {
  it('can be off, one by one or all', async () => {
    const { user, host } = await page('notifications');
    await user.click(screen.getByTestId('messages-finished'));
    await waitFor(() => expect(last(host)?.messages).toMatchObject({ show: true, finished: false, failed: true }));
    await user.click(screen.getByTestId('messages-show'));
    await waitFor(() => expect(last(host)?.messages.show).toBe(false));
    expect(screen.getByTestId('pause-hour').getAttribute('aria-disabled')).toBe('true');
  });

  it('have quiet hours in steps of half an hour', async () => {
    const { user, host } = await page('notifications');
    await user.click(screen.getByRole('switch', { name: 'Quiet hours' }));
    await waitFor(() => expect(last(host)?.messages.quiet).toEqual({ from: 1350, to: 420 }));
    await user.selectOptions(screen.getByLabelText('Quiet until'), '06:30');
    await waitFor(() => expect(last(host)?.messages.quiet).toEqual({ from: 1350, to: 390 }));
    await user.click(screen.getByTestId('failed-at-once'));
    await waitFor(() => expect(last(host)?.messages.failedAtOnce).toBe(false));
    expect(halfHoursWith(0)).toHaveLength(48);
    expect(halfHoursWith(75)).toHaveLength(49);
    expect(clockOf(1350)).toBe('22:30');
  });

  it('can be paused, and resumed', async () => {
    const { user, host } = await page('notifications');
    await user.click(screen.getByTestId('pause-hour'));
    await waitFor(() => expect(last(host)?.messages.pausedUntil).toBe(NOW + 3_600_000));
    expect(screen.getByTestId('paused').textContent).toContain('Paused until');
    await user.click(screen.getByTestId('resume'));
    await waitFor(() => expect(last(host)?.messages.pausedUntil).toBeNull());
    await user.click(screen.getByTestId('pause-night'));
    await waitFor(() => expect(last(host)?.messages.pausedUntil).toBe(tomorrowMorning(NOW)));
    const morning = new Date(tomorrowMorning(NOW));
    expect([morning.getHours(), morning.getMinutes()]).toEqual([8, 0]);
  });

  it('are muted from the menu of an LXC, and unmuted here', async () => {
    const { user, host } = await open();
    await user.pointer({ keys: '[MouseRight]', target: row('nextcloud') });
    expect(screen.queryByTestId('action-unmute')).toBeNull();
    await user.click(await screen.findByTestId('action-mute'));
    await waitFor(() => expect(last(host)?.messages.muted).toEqual([guestId(200)]));
    act(() => go({ view: 'settings', page: 'notifications' }));
    await user.click(screen.getByRole('button', { name: 'Unmute nextcloud' }));
    await waitFor(() => expect(last(host)?.messages.muted).toEqual([]));
    expect(screen.getByText('None. An LXC is muted from its menu in the fleet.')).toBeTruthy();
  });
});

describe('security', () => {
  it('says where keys are kept, and leads to the audit', async () => {
    const { user } = await page('security');
    expect((await screen.findByTestId('key-storage')).textContent).toContain('The keyring of your desktop');
    expect(screen.getByTestId('key-storage').textContent).toContain('2 clusters, never shown again');
    expect(screen.queryByTestId('change-passphrase')).toBeNull();
    await user.click(screen.getByTestId('open-audit'));
    expect(usePlace.getState().place.view).toBe('audit');
  });

  it('changes the passphrase: long enough, twice, and only by reference', async () => {
    const { user, host } = await page('security', (host) => {
      info({ keyStorage: 'passphrase' })(host);
      let kept = 0;
      host.answers.keep_secret = () => ({ id: `s-${(kept += 1)}` });
    });
    await user.click(await screen.findByTestId('change-passphrase'));
    const save = screen.getByTestId('passphrase-save') as HTMLButtonElement;
    await user.type(screen.getByTestId('passphrase-current'), 'old enough');
    await user.type(screen.getByTestId('passphrase-next'), 'short');
    expect(screen.getByText('Use at least 8 characters.')).toBeTruthy();
    await user.type(screen.getByTestId('passphrase-next'), ' but longer');
    await user.type(screen.getByTestId('passphrase-again'), 'something else');
    expect(save.disabled).toBe(true);
    await user.clear(screen.getByTestId('passphrase-again'));
    await user.type(screen.getByTestId('passphrase-again'), 'short but longer');
    await user.click(save);
    await waitFor(() => expect(host.requests('change_passphrase')).toEqual([{ current: { id: 's-1' }, next: { id: 's-2' } }]));
    expect(host.requests('keep_secret')).toEqual([{ value: 'old enough' }, { value: 'short but longer' }]);
    await waitFor(() => expect(screen.queryByTestId('passphrase-dialog')).toBeNull());
  });

  it('says that the present passphrase is another one', async () => {
    const { user } = await page('security', (host) => {
      info({ keyStorage: 'passphrase' })(host);
      host.answers.change_passphrase = () => { throw failure('refused', 'This is not the passphrase.'); };
    });
    await user.click(await screen.findByTestId('change-passphrase'));
    await user.type(screen.getByTestId('passphrase-current'), 'wrong');
    await user.type(screen.getByTestId('passphrase-next'), 'long enough');
    await user.type(screen.getByTestId('passphrase-again'), 'long enough{Enter}');
    expect((await screen.findByTestId('passphrase-error')).textContent).toContain('This is not the passphrase.');
    expect((screen.getByTestId('passphrase-next') as HTMLInputElement).value).toBe('');
  });
});

describe('data', () => {
  it('is backed up, and the list is read again', async () => {
    const { user, host } = await page('data');
    await screen.findByTestId('backup-redflag-20261122T031500Z.db');
    await user.click(screen.getByTestId('backup-now'));
    expect((await screen.findByTestId('notice-ok')).textContent).toContain('redflag-20261128T120000Z.db, 4.3 MB');
    await waitFor(() => expect(host.requests('data_info')).toHaveLength(2));
  });

  it('goes back to a copy after it was said what is lost', async () => {
    const { user, host } = await page('data');
    await user.click(await screen.findByTestId('restore-redflag-20261121T031500Z.db'));
    expect(screen.getByTestId('restore-lost').textContent).toContain('Everything since then, 1 d ago');
    expect(host.requests('restore_backup')).toEqual([]);
    host.answers.data_info = () => ({ ...DATA_INFO, restore: 'redflag-20261121T031500Z.db' });
    await user.click(screen.getByTestId('restore-confirm'));
    await waitFor(() => expect(host.requests('restore_backup')).toEqual([{ name: 'redflag-20261121T031500Z.db' }]));
    expect((await screen.findByTestId('restore-waits')).textContent).toContain('at the next start');
  });

  it('is exported, and it is said where to', async () => {
    const { user } = await page('data');
    await user.click(screen.getByTestId('export-fleet'));
    expect((await screen.findByTestId('notice-ok')).textContent).toContain('/home/me/Downloads/redflag-fleet-2026-11-28.csv');
    await user.click(screen.getByTestId('export-history-json'));
    await waitFor(() => expect(screen.getAllByTestId('notice-ok').at(-1)?.textContent).toContain('redflag-history.json'));
  });

  it('says why it cannot be read', async () => {
    await page('data', (host) => {
      host.answers.data_info = () => { throw failure('internal', 'The folder cannot be read.', 'Permission denied'); };
    });
    expect((await screen.findByTestId('data-error')).textContent).toContain('Permission denied');
  });
});

it('appearance changes the look', async () => {
  const { user, host } = await page('appearance');
  await user.click(screen.getByTestId('theme-light'));
  await user.click(screen.getByTestId('compact'));
  await user.click(screen.getByTestId('zoom-in'));
  await user.click(screen.getByTestId('letters'));
  await waitFor(() => expect(last(host)?.look).toEqual({ ...USUAL_PREFERENCES.look, theme: 'light', compact: true, zoom: 110, letters: false }));
  expect(screen.getByTestId('zoom').textContent).toBe('110 %');
  await user.click(screen.getByTestId('zoom-usual'));
  expect(usePreferences.getState().look.zoom).toBe(100);
});
