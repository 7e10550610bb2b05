// A cluster after it was added: its panel, its dialogs, its states.
import { screen, waitFor, within } from '@testing-library/react';
import type { UserEvent } from '@testing-library/user-event';
import { describe, expect, it } from 'vitest';
import type { Fleet } from '../src/bindings/Fleet';
import type { Link } from '../src/bindings/Link';
import { deletingLine, makingLines, nextTokenId, partsOf } from '../src/clusters/tokens';
import { C1, FLEET, NOW } from './fixtures/fleet';
import { CHANGE, clusterDetails, OTHER_PRINT, REMOVAL } from './fixtures/places';
import { checked, failure, type MemoryHost, PRINT } from './host';
import { open, row } from './open';

const NAME = 'Homelab Cluster 1';
const by = (id: string) => screen.getByTestId(id);
const field = (id: string) => by(id) as HTMLInputElement;
const button = (id: string) => by(id) as HTMLButtonElement;

async function panel(user: UserEvent): Promise<HTMLElement> {
  await user.click(row(NAME));
  await screen.findByTestId('token-id');
  return by('panel');
}

/** The fleet with its first cluster in another state. */
function linked(link: Link): Fleet {
  return {
    ...FLEET,
    clusters: FLEET.clusters.map((one) => (one.id === C1 ? { ...one, link, quorate: null } : one)),
    nodes: FLEET.nodes.map((one) => (one.key.cluster === C1 ? { ...one, link } : one)),
    guests: FLEET.guests.map((one) => (one.cluster === C1 ? { ...one, old: true } : one)),
  };
}

const show = (link: Link) => (host: MemoryHost) => {
  host.answers.snapshot = () => ({ seq: 10, fleet: linked(link), operations: [] });
};

describe('the panel of a cluster', () => {
  it('shows version, quorum, addresses, token and certificates', async () => {
    const { user, host } = await open();
    const shown = (await panel(user)).textContent;
    for (const part of ['Proxmox VE 8.4.21', 'Quorate', '192.168.1.12:8006', 'redflag@pve!desktop', '13 Oct 2026, 40 d ago', 'Not known to expire']) expect(shown).toContain(part);
    expect(by('accepted').dataset['value']).toBe(PRINT);
    expect(by('authority').textContent).toContain('Certificates that it signs');
    expect(host.requests('cluster_details')).toEqual([{ cluster: C1 }]);
  });

  it('reminds of a token that is old or nearly over', async () => {
    const { user, host } = await open((host) => {
      host.answers.cluster_details = ({ cluster }) => clusterDetails(cluster, { token: { id: 't@pve!x', enteredAt: NOW, expiresAt: NOW + 12 * 86_400_000, rotate: true } });
    });
    await panel(user);
    expect(by('token-rotate').textContent).toContain('This token expires on 4 Dec 2026');
    host.answers.cluster_details = ({ cluster }) => clusterDetails(cluster, { token: { id: 't@pve!x', enteredAt: NOW - 400 * 86_400_000, expiresAt: null, rotate: true } });
    await user.click(row('pve1'));
    await panel(user);
    expect(by('token-rotate').textContent).toContain('more than a year old');
  });

  it('lists the discoveries, and opens the errors of one', async () => {
    const { user } = await open();
    await panel(user);
    await user.click(by('tab-log'));
    const failed = by(`run-${NOW - 420_000}`);
    expect(by(`run-${NOW - 120_000}`).textContent).toContain('nothing new');
    expect(failed.textContent).toContain('31 s');
    expect(failed.textContent).toContain('1 new, 2 gone');
    expect(screen.queryByText('pve2: 595 No route to host')).toBeNull();
    await user.click(failed);
    expect(failed.getAttribute('aria-expanded')).toBe('true');
    expect(screen.getByText('pve2: 595 No route to host')).toBeTruthy();
  });

  it('says when its details cannot be read, and a second try works', async () => {
    const { user, host } = await open((host) => {
      host.answers.cluster_details = () => {
        throw failure('internal', 'The database cannot be read.');
      };
    });
    await user.click(row(NAME));
    const note = await within(by('panel')).findByTestId('error');
    expect(note.textContent).toContain('The database cannot be read.');
    host.answers.cluster_details = ({ cluster }) => clusterDetails(cluster);
    await user.click(within(note).getByText('Try again'));
    expect(await screen.findByTestId('token-id')).toBeTruthy();
  });
});

describe('a cluster that is not the present', () => {
  it('is switched off: row, nodes and guests are greyed and say why, and it can be switched on', async () => {
    const { user, host } = await open(show({ kind: 'disabled' }));
    expect(row(NAME).textContent).toContain('Switched off');
    expect(row('pve1').textContent).toContain('Switched off');
    for (const name of [NAME, 'pve1', 'nextcloud']) expect(row(name).classList.contains('old')).toBe(true);
    expect(row('mariadb').textContent).toContain('Was up to date');
    await user.click(row('nextcloud'));
    expect((await screen.findByTestId('guest-old')).textContent).toContain('switched off');
    expect(by('panel-update').title).toBe('Switched off. Switch it on first');
    await panel(user);
    expect(by('cluster-discover-button').getAttribute('aria-disabled')).toBe('true');
    await user.click(by('link-on'));
    expect(host.requests('set_enabled')).toEqual([{ cluster: C1, enabled: true }]);
    expect(await screen.findByText(`${NAME} is switched on.`)).toBeTruthy();
  });

  it('is refused: says the words of Proxmox and leads to another token', async () => {
    const { user } = await open(show({ kind: 'refused', error: '401 authentication failure' }));
    await panel(user);
    expect(by('link-refused').textContent).toContain('401 authentication failure');
    await user.click(by('link-rotate'));
    expect(await screen.findByTestId('cluster-rotate')).toBeTruthy();
  });

  it('shows another certificate: leads to the comparison', async () => {
    const { user } = await open(show({ kind: 'certificateChanged', error: 'pve1 shows 4A:B1' }));
    await panel(user);
    expect(by('cluster-discover-button').title).toBe('The certificate changed. Compare it first');
    await user.click(by('link-compare'));
    expect(await screen.findByTestId('compare-presented')).toBeTruthy();
  });

  it('does not answer: says why and when it is tried again', async () => {
    const { user } = await open(show({ kind: 'unreachable', error: 'no route to host', nextTry: NOW + 60_000 }));
    await panel(user);
    expect(by('link-unreachable').textContent).toMatch(/no route to host.*Next try \d\d:\d\d/);
  });
});

describe('the dialogs', () => {
  async function dialog(id: string, prepare?: (host: MemoryHost) => void) {
    const opened = await open(prepare);
    await panel(opened.user);
    await opened.user.click(by(`cluster-${id}-button`));
    await screen.findByTestId(`cluster-${id}`);
    return opened;
  }

  it('test each address', async () => {
    const { user, host } = await dialog('test');
    expect((await screen.findByTestId('test-192.168.1.10:8006')).textContent).toContain('Proxmox VE 8.4.21');
    expect(by('test-192.168.1.12:8006').textContent).toContain('connection refused');
    expect(by('test-sum').textContent).toBe('1 of 2 addresses answers.');
    await user.click(by('test-again'));
    await waitFor(() => expect(host.requests('test_cluster')).toHaveLength(2));
  });

  it('edit name and addresses, and keep what was typed after a failure', async () => {
    const { user, host } = await dialog('edit', (host) => {
      host.answers.edit_cluster = () => {
        throw failure('badInput', '"a b" is not an address of a Proxmox node', 'a blank', 'Correct or remove it.');
      };
    });
    await waitFor(() => expect(field('edit-addresses').value).toBe('192.168.1.10:8006\n192.168.1.12:8006'));
    await user.clear(field('edit-name'));
    expect(button('edit-save').disabled).toBe(true);
    await user.type(field('edit-name'), ' Rack ');
    await user.type(field('edit-addresses'), '{Enter}a b');
    await user.click(by('edit-save'));
    expect((await screen.findByTestId('edit-error')).textContent).toContain('Correct or remove it.');
    expect(host.requests('edit_cluster')).toEqual([{ cluster: C1, name: 'Rack', addresses: ['192.168.1.10:8006', '192.168.1.12:8006', 'a b'] }]);
    host.answers.edit_cluster = () => ({});
    await user.click(by('edit-save'));
    await waitFor(() => expect(screen.queryByTestId('cluster-edit')).toBeNull());
  });

  it('rotate the token, and name the old one to delete', async () => {
    const { user, host } = await dialog('rotate');
    expect((await screen.findByTestId('rotate-lines')).textContent).toContain('pveum user token add redflag@pve desktop-2 --privsep 1');
    await user.type(field('rotate-secret'), 'n3w-secret');
    await user.click(by('rotate-save'));
    expect((await screen.findByTestId('rotate-delete')).textContent).toBe('pveum user token delete redflag@pve desktop');
    expect(host.requests('keep_secret')).toEqual([{ value: 'n3w-secret' }]);
    expect(host.requests('rotate_token')).toEqual([{ cluster: C1, tokenId: 'redflag@pve!desktop-2', secret: { id: 's-1' } }]);
    expect(document.body.innerHTML).not.toContain('n3w-secret');
    await waitFor(() => expect(host.requests('cluster_details').length).toBeGreaterThan(2));
  });

  it('keep the old token while the new one lacks rights, and check again without the secret', async () => {
    const { user, host } = await dialog('rotate', (host) => {
      host.answers.rotate_token = () => ({ ...checked(), enough: false, grant: ['pveum acl modify / --tokens t'], privileges: [{ name: 'VM.Audit', path: '/vms', usedFor: 'see', granted: false, required: true }] });
    });
    await screen.findByTestId('rotate-lines');
    await user.type(field('rotate-secret'), 's');
    await user.click(by('rotate-save'));
    expect((await screen.findByTestId('rotate-lacking')).textContent).toContain('The old one is still in use.');
    expect(by('rotate-grant').textContent).toBe('pveum acl modify / --tokens t');
    host.answers.rotate_token = () => checked();
    await user.click(by('rotate-save'));
    expect(await screen.findByTestId('rotate-done')).toBeTruthy();
    expect(host.requests('keep_secret')).toHaveLength(1);
  });

  it('ask for the secret again when Proxmox refuses it', async () => {
    const { user } = await dialog('rotate', (host) => {
      host.answers.rotate_token = () => {
        throw failure('refused', 'Proxmox refuses the token.');
      };
    });
    await screen.findByTestId('rotate-lines');
    await user.type(field('rotate-secret'), 'wrong');
    await user.click(by('rotate-save'));
    await screen.findByTestId('rotate-error');
    expect(button('rotate-save').disabled).toBe(true);
  });

  it('remove only with the typed name where agents stay', async () => {
    const { user, host } = await dialog('remove');
    expect((await screen.findByTestId('remove-goes')).textContent).toContain('2 nodes and 11 LXCs');
    expect(by('remove-stays').textContent).toContain('ubuntu-docker-01, debian-pihole, nextcloud and mariadb: 4 agents stay installed');
    expect(button('remove-confirm').disabled).toBe(true);
    await user.type(field('remove-name'), `${NAME}{Enter}`);
    await waitFor(() => expect(host.requests('remove_cluster')).toEqual([{ cluster: C1 }]));
    await waitFor(() => expect(screen.queryByTestId('cluster-remove')).toBeNull());
  });

  it('remove without a name where nothing stays, but not while something runs', async () => {
    const { user, host } = await dialog('remove', (host) => {
      host.answers.removal = () => ({ ...REMOVAL, agents: [], runningOperations: 1 });
    });
    expect((await screen.findByTestId('remove-busy')).textContent).toContain('1 operation runs on it');
    expect(screen.queryByTestId('remove-name')).toBeNull();
    expect(button('remove-confirm').disabled).toBe(true);
    await user.click(by('dialog-cancel'));
    host.answers.removal = () => ({ ...REMOVAL, agents: [] });
    await user.click(by('cluster-remove-button'));
    await screen.findByTestId('remove-goes');
    expect(button('remove-confirm').disabled).toBe(false);
  });
});

describe('comparing the certificate', () => {
  async function compare(prepare: (host: MemoryHost) => void = () => undefined) {
    const opened = await open((host) => {
      show({ kind: 'certificateChanged', error: 'changed' })(host);
      prepare(host);
    });
    await panel(opened.user);
    await opened.user.click(by('link-compare'));
    return opened;
  }

  it('accepts nothing before it was compared', async () => {
    const { user, host } = await compare();
    expect((await screen.findByTestId('compare-presented')).dataset['value']).toBe(OTHER_PRINT);
    expect(by('cluster-compare').textContent).toContain('5C:0E:91:7A');
    expect(by('compare-command').textContent).toContain('openssl x509');
    expect(button('compare-accept').disabled).toBe(true);
    await user.click(by('compare-matches'));
    await user.type(field('compare-pasted'), PRINT);
    expect(button('compare-accept').disabled).toBe(true);
    await user.clear(field('compare-pasted'));
    await user.type(field('compare-pasted'), OTHER_PRINT.toLowerCase());
    await user.click(by('compare-accept'));
    await waitFor(() => expect(host.requests('accept_certificate')).toEqual([{ cluster: C1, address: CHANGE.address, fingerprint: OTHER_PRINT }]));
    await waitFor(() => expect(screen.queryByTestId('cluster-compare')).toBeNull());
  });

  it('compares anew when yet another one is shown', async () => {
    const { user, host } = await compare((host) => {
      host.answers.accept_certificate = () => {
        throw failure('identityChanged', 'It shows yet another certificate', null, 'Compare it again on the node.');
      };
    });
    await screen.findByTestId('compare-presented');
    await user.click(by('compare-matches'));
    await user.click(by('compare-accept'));
    expect((await screen.findByTestId('compare-error')).textContent).toContain('yet another');
    expect(by('compare-matches').getAttribute('aria-checked')).toBe('false');
    await waitFor(() => expect(host.requests('presented_certificate')).toHaveLength(2));
  });

  it('has nothing to compare when the certificate is accepted already', async () => {
    await compare((host) => {
      host.answers.presented_certificate = () => ({ ...CHANGE, same: true });
    });
    expect(await screen.findByTestId('compare-same')).toBeTruthy();
    expect(screen.queryByTestId('compare-accept')).toBeNull();
  });
});

it('the menu of a cluster has its actions, that of a guest has none of them', async () => {
  const { user, host } = await open();
  await user.pointer({ keys: '[MouseRight]', target: row(NAME) });
  const menu = await screen.findByTestId('menu');
  for (const id of ['discover', 'test', 'edit', 'rotate', 'switch', 'remove']) expect(within(menu).getByTestId(`action-${id}`)).toBeTruthy();
  expect(within(menu).queryByTestId('action-compare')).toBeNull();
  await user.click(within(menu).getByTestId('action-discover'));
  expect(await screen.findByText(`${NAME}: Found 2 nodes, 11 LXCs.`)).toBeTruthy();
  expect(host.requests('discover')).toEqual([{ cluster: C1 }]);
  await user.pointer({ keys: '[MouseRight]', target: row('nextcloud') });
  await waitFor(() => expect(screen.queryByTestId('action-edit')).toBeNull());
});

it('an operation that runs keeps its cluster from being removed', async () => {
  const { user } = await open();
  await user.pointer({ keys: '[MouseRight]', target: row('Homelab Cluster 2') });
  const item = await screen.findByTestId('action-remove');
  expect(item.getAttribute('aria-disabled')).toBe('true');
  expect(item.textContent).toContain('An operation runs on it');
});

it('writes the lines of tokens', () => {
  expect(partsOf('redflag@pve')).toBeNull();
  expect(nextTokenId('redflag@pve!desktop')).toBe('redflag@pve!desktop-2');
  expect(nextTokenId('redflag@pve!desktop-9')).toBe('redflag@pve!desktop-10');
  expect(makingLines({ user: "o'neil@pve", name: 'x' })[0]).toBe(String.raw`pveum user token add 'o'\''neil@pve' x --privsep 1`);
  expect(makingLines({ user: 'redflag@pve', name: 'x' })[1]).toBe("pveum acl modify / --tokens 'redflag@pve!x' --roles RedFlag");
  expect(deletingLine({ user: 'a@pve', name: 'x' }, '7.4-18')).toBe('pveum user token remove a@pve x');
  expect(deletingLine({ user: 'a@pve', name: 'x' }, '8.4.21')).toBe('pveum user token delete a@pve x');
});
