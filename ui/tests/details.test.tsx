// What Proxmox says of nodes and guests, in the panel.
import { screen, waitFor } from '@testing-library/react';
import { describe, expect, it } from 'vitest';
import type { RepositoryVerdict } from '../src/bindings/RepositoryVerdict';
import { words } from '../src/words/en';
import { C1, C2, guestId, NOW } from './fixtures/fleet';
import { GUEST_FACTS, NODE_FACTS, nodeDetails } from './fixtures/places';
import { failure } from './host';
import { open, row } from './open';

describe('a node', () => {
  it('shows what it says of itself', async () => {
    const { user, host } = await open();
    await user.click(row('pve2'));
    expect((await screen.findByTestId('node-repositories')).textContent).toBe('No-subscription');
    const shown = screen.getByTestId('panel').textContent;
    for (const part of ['Proxmox VE 8.4.21', 'Linux 6.8.12-11-pve', 'AMD Ryzen 9', '0.42, 0.51, 0.48', '71 GB of 94 GB', 'None']) expect(shown).toContain(part);
    expect(screen.getByRole('img', { name: 'Root disk 76 %' })).toBeTruthy();
    expect(host.requests('node_details')).toEqual([{ node: { cluster: C1, node: 'pve2' } }]);
  });

  it('says what could not be asked', async () => {
    const { user } = await open((host) => {
      host.answers.node_details = ({ node }) => nodeDetails(node, { facts: { ...NODE_FACTS, repositories: 'unknown', problems: ['package sources: 403 Permission check failed'] } });
    });
    await user.click(row('pve1'));
    expect((await screen.findByTestId('node-problems')).textContent).toContain('403 Permission check failed');
    expect(screen.getByTestId('node-repositories').textContent).toBe('Not known');
  });

  it('that answers nothing says why, and can be asked again', async () => {
    const { user, host } = await open((host) => {
      host.answers.node_details = ({ node }) => nodeDetails(node, { facts: null, problem: '595 No route to host' });
    });
    await user.click(row('pve1'));
    expect((await screen.findByTestId('node-problem')).textContent).toContain('595 No route to host');
    host.answers.node_details = ({ node }) => nodeDetails(node);
    await user.click(screen.getByText('Try again'));
    expect(await screen.findByTestId('node-repositories')).toBeTruthy();
  });

  it('that is down shows its reason once, and the way into its LXCs', async () => {
    const { user, host } = await open();
    await user.click(row('pve4'));
    expect(screen.getByTestId('link-unreachable').textContent).toContain('no route to host');
    await waitFor(() => expect(host.requests('node_details')).toEqual([{ node: { cluster: C2, node: 'pve4' } }]));
    expect(screen.queryByTestId('node-problem')).toBeNull();
    expect(screen.getByTestId('panel-access')).toBeTruthy();
  });

  it('is asked only where somebody stops', async () => {
    const { user, host } = await open();
    await user.click(row('nextcloud'));
    await user.click(row('pve1'));
    await user.click(row('pve2'));
    await screen.findByTestId('node-repositories');
    expect(host.requests('node_details').at(-1)).toEqual({ node: { cluster: C1, node: 'pve2' } });
  });

  it.each<[RepositoryVerdict, RegExp]>([
    ['enterpriseWithoutSubscription', /no Proxmox updates/],
    ['missing', /no Proxmox updates/],
    ['test', /not meant for production/],
    ['enterprise', /with a subscription/],
  ])('has plain words for %s', (verdict, said) => {
    expect(words.node.verdicts[verdict]).toMatch(said);
  });
});

describe('the settings of a guest', () => {
  it('are asked for when the tab is opened, not before', async () => {
    const { user, host } = await open();
    await user.click(row('nextcloud'));
    await screen.findByTestId('update-openssl');
    expect(host.requests('guest_settings')).toHaveLength(0);
    await user.click(screen.getByTestId('tab-settings'));
    const shown = (await screen.findByTestId('settings')).textContent;
    expect(host.requests('guest_settings')).toEqual([{ guest: guestId(200) }]);
    for (const part of ['Debian', 'Debian GNU/Linux 12 (bookworm)', 'Unprivileged', 'nesting=1', 'apps', 'started', '540 MB', '11 GB of 12 GB', 'fd00::200', 'Not possible', 'mp0 binds /tank/photos']) expect(shown).toContain(part);
    expect(screen.getByTestId('mount-mp0').textContent).toContain('Bind');
    expect(screen.getByTestId('mount-rootfs').textContent).not.toContain('Bind');
  });

  it('of another time say their age and the reason, and can be asked again', async () => {
    const { user, host } = await open((host) => {
      host.answers.guest_settings = () => ({ facts: { ...GUEST_FACTS, cores: null, swap: 0, ha: null }, at: NOW - 3 * 3_600_000, problem: '595 No route to host' });
    });
    await user.click(row('jellyfin'));
    await user.click(screen.getByTestId('tab-settings'));
    const note = await screen.findByTestId('settings-old');
    expect(note.textContent).toContain('595 No route to host');
    expect(note.textContent).toContain('3 h ago');
    const shown = screen.getByTestId('settings');
    expect(shown.classList.contains('past-facts')).toBe(true);
    for (const part of ['All of the node', 'Not managed']) expect(shown.textContent).toContain(part);
    await user.click(screen.getByTestId('settings-again'));
    await waitFor(() => expect(host.requests('guest_settings')).toHaveLength(2));
  });

  it('that were never read say so', async () => {
    const { user } = await open((host) => {
      host.answers.guest_settings = () => ({ facts: null, at: null, problem: 'the cluster is switched off in RedFlag' });
    });
    await user.click(row('jellyfin'));
    await user.click(screen.getByTestId('tab-settings'));
    expect((await screen.findByTestId('settings-old')).textContent).toContain('Nothing was read before.');
    expect(screen.queryByTestId('settings')).toBeNull();
  });

  it('show a failure with its words', async () => {
    const { user } = await open((host) => {
      host.answers.guest_settings = () => {
        throw failure('notFound', 'The LXC is not known any more.');
      };
    });
    await user.click(row('vaultwarden'));
    await user.click(screen.getByTestId('tab-settings'));
    expect(await screen.findByText('The LXC is not known any more.')).toBeTruthy();
  });
});

it('a receipt names the plan that was approved', async () => {
  const { user, host } = await open((host) => {
    const answer = host.answers.guest_details;
    host.answers.guest_details = async (request) => {
      const details = await answer(request);
      return { ...details, receipts: details.receipts.map((receipt, i) => (i === 0 ? { ...receipt, operation: 'o-1483' } : receipt)) };
    };
  });
  await user.click(row('nextcloud'));
  await screen.findByTestId('update-openssl');
  await user.click(screen.getByTestId('tab-history'));
  expect((await screen.findByTestId('receipt-plan')).textContent).toBe('7f3a-c91e');
  expect(host.requests('guest_details').length).toBeGreaterThan(0);
});
