// Every view in both themes, judged by axe. Colours need a real page and are measured with the design's tokens.
import { act, screen } from '@testing-library/react';
import axe from 'axe-core';
import { describe, expect, it } from 'vitest';
import { NO_TOTALS } from '../src/live/fleet';
import { go, SETTINGS_PAGES } from '../src/app/place';
import { openPalette, openShortcuts } from '../src/palette/state';
import { openChangelog } from '../src/changelog/state';
import { openDialog } from '../src/clusters/state';
import { openAccess } from '../src/wizard/open';
import { change, STEPS, type StepName } from '../src/wizard/state';
import { C1, FLEET, NOW } from './fixtures/fleet';
import { EVERY } from './fixtures/images';
import { USUAL_PREFERENCES } from './fixtures/preferences';
import { IMAGE_PLAN, IMAGE_RECEIPTS, nginxPlan } from './fixtures/renewal';
import { countsOf, details, manyJobs, operation, PLANNED } from './fixtures/work';
import { open, row } from './open';

async function violations(): Promise<string[]> {
  // The library's focus guards are hidden on purpose: they hand the focus on at once.
  const page = { include: [document.body], exclude: ['[data-base-ui-focus-guard]'] };
  const { violations } = await axe.run(page, { rules: { 'color-contrast': { enabled: false }, region: { enabled: false } } });
  return violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html.slice(0, 160)}`));
}

describe.each(['dark', 'light'])('%s', (theme) => {
  const show = () => {
    document.documentElement.dataset['theme'] = theme;
    document.documentElement.lang = 'en';
    document.title = 'RedFlag';
  };

  it('the fleet with its panel and drawer', async () => {
    show();
    const { user } = await open();
    await user.click(row('nextcloud'));
    await user.keyboard('{ArrowRight}');
    await screen.findByTestId('update-openssl');
    expect(await violations()).toEqual([]);
  });

  it('the images of an LXC, in its panel and below it', async () => {
    show();
    const { user } = await open((host) => {
      host.answers.guest_details = ({ guest }) => {
        const all = details(Number(guest.slice(-12)));
        return { ...all, images: EVERY.images, inventory: all.inventory === null ? null : { ...all.inventory, docker: EVERY.docker } };
      };
    });
    await user.click(row('ubuntu-docker-01'));
    await user.keyboard('{ArrowRight}');
    await user.click(screen.getByTestId('tab-images'));
    await screen.findByTestId('engine-problem');
    expect(await violations()).toEqual([]);
  });

  it('several ticked, with the menu', async () => {
    show();
    const { user } = await open();
    await user.click(row('nextcloud'));
    await user.keyboard('{Shift>}{ArrowDown}{/Shift}');
    await user.pointer({ keys: '[MouseRight]', target: row('mariadb') });
    await screen.findByTestId('menu');
    expect(await violations()).toEqual([]);
  });

  it.each(['by-severity', 'set-aside'])('the second list of a row: %s', async (entry) => {
    show();
    const { user } = await open((host) => {
      const guests = FLEET.guests.map((one) => (one.vmid === 200 ? { ...one, approved: 2, updates: { kind: 'updates' as const, counts: { total: 5, security: 2, blocked: 1, ignored: 3 } } } : one));
      host.answers.snapshot = () => ({ seq: 10, fleet: { ...FLEET, guests }, operations: [] });
    });
    await user.pointer({ keys: '[MouseRight]', target: row('nextcloud') });
    await user.click(await screen.findByTestId(`action-${entry}`));
    await screen.findByTestId(entry === 'set-aside' ? 'action-inherited-rule-3' : 'action-install-unknown');
    expect(await violations()).toEqual([]);
  });

  it('a cluster, both tabs', async () => {
    show();
    const { user } = await open();
    await user.click(row('Homelab Cluster 1'));
    await screen.findByTestId('token-id');
    expect(await violations()).toEqual([]);
    await user.click(screen.getByTestId('tab-log'));
    expect(await violations()).toEqual([]);
  });

  it('a node, and the settings of an LXC', async () => {
    show();
    const { user } = await open();
    await user.click(row('pve2'));
    await screen.findByTestId('node-repositories');
    expect(await violations()).toEqual([]);
    await user.click(row('nextcloud'));
    await user.click(screen.getByTestId('tab-settings'));
    await screen.findByTestId('settings');
    expect(await violations()).toEqual([]);
  });

  it.each(['test', 'edit', 'rotate', 'compare', 'remove'] as const)('the dialog %s of a cluster', async (task) => {
    show();
    await open();
    openDialog(task, C1);
    await screen.findByTestId(`cluster-${task}`);
    const there = { test: 'test-192.168.1.10:8006', edit: 'edit-name', rotate: 'rotate-lines', compare: 'compare-presented', remove: 'remove-goes' };
    await screen.findByTestId(there[task]);
    expect(await violations()).toEqual([]);
  });

  it('the plan', async () => {
    show();
    const { user } = await open();
    await user.click(screen.getByTestId('update-all'));
    await user.click(await screen.findByTestId('plan-guest-200'));
    expect(await violations()).toEqual([]);
  });

  it('a plan of images, and its receipts', async () => {
    show();
    const { user } = await open((host) => {
      host.answers.make_plan = () => IMAGE_PLAN;
      host.answers.guest_details = () => ({ ...details(100), receipts: Object.values(IMAGE_RECEIPTS) });
    });
    await user.click(row('ubuntu-docker-01'));
    await user.click(screen.getByTestId('tab-images'));
    await user.click(await screen.findByTestId('renew-nginx:latest'));
    await screen.findByTestId('plan-kept-redis:7.4');
    expect(await violations()).toEqual([]);
    await user.keyboard('{Escape}');
    await user.click(screen.getByTestId('tab-history'));
    for (const number of [1492, 1491, 1490]) {
      if (screen.queryByTestId(`receipt-${number}`) === null) await user.click(await screen.findByTestId(`history-${number}`));
      expect(await violations()).toEqual([]);
    }
  });

  it('a plan of one image that has others beside it', async () => {
    show();
    const { user } = await open((host) => {
      host.answers.make_plan = ({ only }) => nginxPlan(only);
    });
    await user.click(screen.getByTestId('view-images'));
    await user.click(await screen.findByTestId('renew-nginx:latest'));
    await screen.findByTestId('plan-projects');
    expect(await violations()).toEqual([]);
  });

  it('a plan that may do more, and one that takes agents out', async () => {
    show();
    const { user } = await open();
    await user.click(row('vaultwarden'));
    await user.keyboard('i');
    await user.click(await screen.findByTestId('plan-allow-start'));
    await user.click(await screen.findByTestId('plan-guest-102'));
    expect(await violations()).toEqual([]);
    await user.keyboard('{Escape}');
    await user.pointer({ keys: '[MouseRight]', target: row('nextcloud') });
    await user.click(await screen.findByTestId('action-remove-agent'));
    await screen.findByTestId('plan-approve');
    expect(await violations()).toEqual([]);
  });

  it('a pasted command, and the other ways into a node', async () => {
    show();
    const { user } = await open();
    await user.pointer({ keys: '[MouseRight]', target: row('vaultwarden') });
    await user.click(await screen.findByTestId('action-paste-agent'));
    await screen.findByTestId('paste-pve1-command');
    expect(await violations()).toEqual([]);
    await user.click(screen.getByTestId('dialog-cancel'));
    act(() => openAccess(C1, 'pve1'));
    await user.click(await screen.findByTestId('wizard-access-pve1-anew'));
    await user.click(screen.getByTestId('wizard-access-pve1-more'));
    await user.click(screen.getByTestId('wizard-access-pve1-with-file'));
    await user.click(screen.getByTestId('wizard-access-pve1-enter-sudo'));
    await screen.findByTestId('wizard-access-pve1-lines');
    await screen.findByTestId('roads');
    expect(await violations()).toEqual([]);
  });

  it('an operation over many, filtered, that can be tried again', async () => {
    show();
    const jobs = manyJobs(60);
    const ended = operation(1490, 'enrol', 'x', countsOf(jobs), { endedAt: NOW });
    const { user } = await open((host) => {
      host.answers.snapshot = () => ({ seq: 10, fleet: FLEET, operations: [ended] });
      host.answers.operation_details = () => ({ operation: ended, jobs, ...PLANNED });
    });
    await user.click(screen.getByTestId('operation-1490'));
    await user.click(await screen.findByTestId('count-failed'));
    expect(await violations()).toEqual([]);
  });

  it('the audit with a detail, and with nothing', async () => {
    show();
    const { user } = await open();
    await user.click(screen.getByTestId('view-audit'));
    await user.click(await screen.findByTestId('audit-44'));
    expect(await violations()).toEqual([]);
    await user.type(screen.getByTestId('audit-search'), 'nothing of this name');
    await screen.findByTestId('audit-no-match');
    expect(await violations()).toEqual([]);
  });

  it('the updates of the fleet, what is approved, the rules', async () => {
    show();
    const { user } = await open();
    await user.click(screen.getByTestId('view-updates'));
    await user.click(await screen.findByTestId('group-tzdata'));
    await user.click(screen.getByTestId('updates-by-severity'));
    expect(await violations()).toEqual([]);
    await user.click(screen.getByTestId('more-section-high'));
    await screen.findByTestId('action-install-high');
    expect(await violations()).toEqual([]);
    await user.keyboard('{Escape}');
    await user.click(screen.getByTestId('updates-part-approved'));
    await screen.findByTestId('approval-a-200-openssl');
    expect(await violations()).toEqual([]);
    await user.click(screen.getByTestId('updates-part-rules'));
    await screen.findByTestId('rule-row-rule-1');
    expect(await violations()).toEqual([]);
  });

  it('the images of the fleet and the registries, with their menu', async () => {
    show();
    const { user } = await open();
    await user.click(screen.getByTestId('view-images'));
    await user.click(await screen.findByTestId('fleet-image-nginx:latest'));
    await user.click(screen.getByTestId('fleet-image-redis:7.4'));
    expect(await violations()).toEqual([]);
    await user.click(screen.getByTestId('images-only-updates'));
    await user.type(screen.getByTestId('images-search'), 'nothing of this name');
    expect(await violations()).toEqual([]);
    await user.click(screen.getByTestId('images-part-registries'));
    await user.click(await screen.findByTestId('more-docker.io'));
    await screen.findByTestId('action-registry-change');
    expect(await violations()).toEqual([]);
  });

  it.each(['change', 'login', 'add', 'find'])('the dialog %s of registries', async (task) => {
    show();
    const { user } = await open();
    await user.click(screen.getByTestId('view-images'));
    await user.click(screen.getByTestId('images-part-registries'));
    await screen.findByTestId('registry-docker.io');
    if (task === 'add' || task === 'find') await user.click(screen.getByTestId(`registry-${task}`));
    else {
      await user.click(screen.getByTestId('more-registry.lan:5000'));
      await user.click(await screen.findByTestId(`action-registry-${task}`));
    }
    await screen.findByTestId(`registry-dialog-${task}`);
    if (task === 'find') await screen.findByTestId('found-ghcr.io');
    expect(await violations()).toEqual([]);
  });

  it('no images and no registries', async () => {
    show();
    const { user } = await open((host) => {
      host.answers.images = () => ({ images: [], registries: [], everyHours: 6 });
    });
    await user.click(screen.getByTestId('view-images'));
    await screen.findByTestId('images-none');
    expect(await violations()).toEqual([]);
    await user.click(screen.getByTestId('images-part-registries'));
    await screen.findByTestId('registries-none');
    expect(await violations()).toEqual([]);
  });

  it('the history with a receipt, and a changelog', async () => {
    show();
    const { user } = await open();
    await user.click(screen.getByTestId('view-history'));
    await user.click(await screen.findByTestId('receipt-row-1461'));
    expect(await violations()).toEqual([]);
    act(() => openChangelog({ guest: C1, name: 'nextcloud', package: 'openssl' }));
    await screen.findByTestId('changelog-text');
    expect(await violations()).toEqual([]);
  });

  it.each([...SETTINGS_PAGES])('the settings: %s', async (page) => {
    show();
    const { user } = await open((host) => {
      host.answers.app_info = () => ({ version: '0.1.0', dataDir: '/data', keyStorage: 'passphrase', demo: true, tray: 'missing' });
      host.answers.preferences = () => ({ ...USUAL_PREFERENCES, messages: { ...USUAL_PREFERENCES.messages, quiet: { from: 1350, to: 420 }, muted: [FLEET.guests[0]?.id ?? ''] } });
    });
    act(() => go({ view: 'settings', page }));
    const there: Partial<Record<typeof page, string>> = { agents: 'port', scanning: 'rule-row-rule-1', security: 'change-passphrase', data: 'data-folder' };
    await screen.findByTestId(there[page] ?? `settings-page-${page}`);
    expect(await violations()).toEqual([]);
    if (page === 'security') await user.click(screen.getByTestId('change-passphrase'));
    else if (page === 'data') await user.click(screen.getByTestId('restore-redflag-20261122T031500Z.db'));
    else return;
    expect(await violations()).toEqual([]);
  });

  it('the palette, the keys, the menus', async () => {
    show();
    const { user } = await open();
    await user.click(row('nextcloud'));
    act(openPalette);
    await screen.findByTestId('command-scan');
    expect(await violations()).toEqual([]);
    await user.type(screen.getByTestId('palette-field'), 'next');
    expect(await violations()).toEqual([]);
    await user.keyboard('{Escape}');
    act(openShortcuts);
    await screen.findByTestId('shortcuts');
    expect(await violations()).toEqual([]);
    await user.keyboard('{Escape}');
    await user.click(screen.getByTestId('update-more'));
    await screen.findByTestId('update-menu');
    expect(await violations()).toEqual([]);
    await user.keyboard('{Escape}');
    await user.click(screen.getByTestId('main-menu'));
    await user.click(await screen.findByTestId('menu-part-view'));
    await screen.findByTestId('menu-list-view');
    expect(await violations()).toEqual([]);
  });

  it('the load of an LXC', async () => {
    show();
    const { user } = await open();
    await user.click(row('nextcloud'));
    await user.click(screen.getByTestId('tab-resources'));
    await screen.findByTestId('load-disk');
    expect(await violations()).toEqual([]);
  });

  it('an operation', async () => {
    show();
    const { user } = await open();
    await user.click(screen.getByTestId('operation-1483'));
    await screen.findByTestId('job-problem');
    expect(await violations()).toEqual([]);
  });

  it('the first run', async () => {
    show();
    await open((host) => {
      host.answers.snapshot = () => ({ seq: 1, fleet: { clusters: [], nodes: [], guests: [], totals: NO_TOTALS }, operations: [] });
    });
    expect(await violations()).toEqual([]);
  });

  it.each([...STEPS])('the wizard at %s', async (step: StepName) => {
    show();
    const { host } = await open();
    change({ step, address: '192.168.1.10', probed: await host.rpc('probe_cluster', { address: '' }), secret: { id: 's' }, cluster: C1 });
    go({ view: 'wizard' });
    await screen.findByTestId('wizard-title');
    if (step === 'access') (await screen.findByTestId('wizard-access-pve1-anew')).click();
    if (step === 'discover') await screen.findByTestId('wizard-discovered');
    expect(await violations()).toEqual([]);
  });
});
