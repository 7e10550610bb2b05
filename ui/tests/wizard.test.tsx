// Adding a cluster: the straight way, each failure, and a second try.
import { fireEvent, screen, waitFor, within } from '@testing-library/react';
import type { UserEvent } from '@testing-library/user-event';
import { describe, expect, it } from 'vitest';
import { useWizard } from '../src/wizard/state';
import { sameFingerprint } from '../src/parts/fingerprint';
import { C1 } from './fixtures/fleet';
import { CREATED } from './fixtures/places';
import { failure, type MemoryHost, PRINT } from './host';
import { open } from './open';

const next = () => screen.getByTestId('wizard-next');
const field = (id: string) => screen.getByTestId(id) as HTMLInputElement;

async function toCertificate(user: UserEvent): Promise<void> {
  await user.click(screen.getByTestId('add-cluster'));
  await user.type(field('wizard-address'), '192.168.1.10');
  await user.click(next());
  await screen.findByTestId('wizard-fingerprint');
}

async function toToken(user: UserEvent): Promise<void> {
  await toCertificate(user);
  await user.click(screen.getByTestId('wizard-fingerprint-matches'));
  await user.click(next());
  await screen.findByTestId('wizard-token-secret');
}

async function toPermissions(user: UserEvent): Promise<void> {
  await toToken(user);
  await user.type(field('wizard-token-secret'), 's3cret-value');
  await user.click(next());
  await screen.findByText('Permissions of the token');
}

async function toAccess(user: UserEvent): Promise<void> {
  await toPermissions(user);
  await waitFor(() => expect(next()).toBeTruthy());
  await user.click(next());
  await screen.findByTestId('wizard-access-pve1');
  // The fleet of the tests has access already; these tests are about setting it up.
  for (const node of ['pve1', 'pve2']) await user.click(screen.getByTestId(`wizard-access-${node}-anew`));
}

async function connect(user: UserEvent, node: string, password: string | null): Promise<void> {
  const at = (what: string) => screen.getByTestId(`wizard-access-${node}-${what}`);
  await user.click(at('probe'));
  await user.click(await screen.findByTestId(`wizard-access-${node}-accept`));
  if (password !== null) await user.type(at('password'), password);
  await user.click(at('save'));
}

describe('the straight way', () => {
  it('adds the cluster, sets up the nodes, discovers and plans the agents', async () => {
    const { user, host } = await open();
    await toAccess(user);
    expect(host.requests('add_cluster')).toEqual([{ address: '192.168.1.10:8006', fingerprint: PRINT, tokenId: 'redflag@pve!desktop', secret: { id: 's-1' }, name: null }]);
    expect(screen.getByTestId('wizard-access-command').textContent).toContain('ssh-ed25519 AAAA');
    await connect(user, 'pve1', null);
    expect((await screen.findByTestId('wizard-access-pve1-ready')).textContent).toContain('4 running LXCs');
    await connect(user, 'pve2', 'once');
    await screen.findByTestId('wizard-access-pve2-ready');
    expect(host.requests('save_access').map(({ node, password }) => [node, password])).toEqual([['pve1', null], ['pve2', { id: 's-1' }]]);
    await user.click(next());
    expect((await screen.findByTestId('wizard-discovered')).textContent).toBe('Found 2 nodes, 11 LXCs');
    await user.click(screen.getByTestId('wizard-install-agents'));
    await user.click(await screen.findByTestId('plan-approve'));
    await waitFor(() => expect(host.requests('approve_plan')).toHaveLength(1));
    expect(host.requests('make_plan')[0]).toMatchObject({ kind: 'enrol', targets: [{ kind: 'guest' }] });
    expect(await screen.findByTestId('operation')).toBeTruthy();
  });

  it('gives the secret to Rust at once and keeps none of it', async () => {
    const { user, host } = await open();
    await toPermissions(user);
    expect(host.requests('keep_secret')).toEqual([{ value: 's3cret-value' }]);
    expect(JSON.stringify(useWizard.getState())).not.toContain('s3cret');
    expect(document.body.innerHTML).not.toContain('s3cret');
    await user.click(screen.getByTestId('wizard-back'));
    expect(field('wizard-token-secret').value).toBe('');
    expect(field('wizard-token-secret').placeholder).toContain('Kept');
  });

  it('keeps what was entered on the way back', async () => {
    const { user } = await open();
    await toToken(user);
    await user.click(screen.getByTestId('wizard-back'));
    expect(screen.getByTestId('wizard-fingerprint-matches').getAttribute('aria-checked')).toBe('true');
    await user.click(screen.getByTestId('wizard-back'));
    expect(field('wizard-address').value).toBe('192.168.1.10');
  });
});

describe('a token that RedFlag makes itself', () => {
  async function login(user: UserEvent): Promise<void> {
    await toToken(user);
    await user.click(screen.getByTestId('wizard-token-made'));
    await user.type(await screen.findByTestId('wizard-login-password'), 'r00t-password');
    await user.click(screen.getByTestId('wizard-token-make'));
  }

  it('is made with a login that is used once, and shows what was done', async () => {
    const { user, host } = await open();
    await login(user);
    expect((await screen.findByTestId('wizard-token-done')).textContent).toContain('redflag@pve!desktop-2');
    expect(screen.getByTestId('wizard-token-lines').textContent).toBe(CREATED.done.join('\n'));
    expect(host.requests('keep_secret')).toEqual([{ value: 'r00t-password' }]);
    expect(host.requests('create_token')).toEqual([{ address: '192.168.1.10:8006', fingerprint: PRINT, user: 'root@pam', password: { id: 's-1' } }]);
    expect(JSON.stringify(useWizard.getState())).not.toContain('r00t');
    expect(document.body.innerHTML).not.toContain('r00t');
    await user.click(next());
    await screen.findByText('Permissions of the token');
    await waitFor(() => expect(host.requests('check_token')).toEqual([{ address: '192.168.1.10:8006', fingerprint: PRINT, tokenId: 'redflag@pve!desktop-2', secret: { id: 's-made' } }]));
    await user.click(screen.getByTestId('wizard-back'));
    expect(screen.getByTestId('wizard-token-done')).toBeTruthy();
    expect(host.requests('create_token')).toHaveLength(1);
  });

  it('says why it could not be made, with the password gone', async () => {
    const { user, host } = await open((host) => {
      host.answers.create_token = () => {
        throw failure('refused', '192.168.1.10:8006 refuses the login', 'authentication failure', 'Check user and password; nothing was changed.');
      };
    });
    await login(user);
    expect((await screen.findByTestId('wizard-error')).textContent).toContain('nothing was changed');
    expect(field('wizard-login-password').value).toBe('');
    host.answers.create_token = () => CREATED;
    await user.type(field('wizard-login-password'), 'right');
    await user.click(screen.getByTestId('wizard-token-make'));
    expect(await screen.findByTestId('wizard-token-done')).toBeTruthy();
    expect(screen.queryByTestId('wizard-error')).toBeNull();
  });

  it('is worth nothing at another address', async () => {
    const { user } = await open();
    await login(user);
    await screen.findByTestId('wizard-token-done');
    for (let i = 0; i < 2; i += 1) await user.click(screen.getByTestId('wizard-back'));
    await user.type(field('wizard-address'), '1');
    expect(useWizard.getState()).toMatchObject({ made: null, secret: null, tokenId: 'redflag@pve!desktop' });
  });
});

describe('the certificate', () => {
  it('is not trusted before it was compared', async () => {
    const { user } = await open();
    await toCertificate(user);
    expect((next() as HTMLButtonElement).disabled).toBe(true);
    fireEvent.submit(next().closest('form') as HTMLFormElement);
    expect(screen.queryByTestId('wizard-token-secret')).toBeNull();
  });

  it('cannot be trusted while another fingerprint is pasted', async () => {
    const { user } = await open();
    await toCertificate(user);
    await user.click(screen.getByTestId('wizard-fingerprint-matches'));
    await user.click(field('wizard-pasted'));
    await user.paste(PRINT.replace('5C', '5D'));
    expect(screen.getByText(/Not the same/)).toBeTruthy();
    expect((next() as HTMLButtonElement).disabled).toBe(true);
    await user.clear(field('wizard-pasted'));
    await user.paste(`sha256 Fingerprint=${PRINT.toLowerCase()}`);
    expect(screen.getByText('Same')).toBeTruthy();
    expect((next() as HTMLButtonElement).disabled).toBe(false);
  });

  it('must be compared again when another address is entered', async () => {
    const { user } = await open();
    await toToken(user);
    await user.click(screen.getByTestId('wizard-back'));
    await user.click(screen.getByTestId('wizard-back'));
    await user.type(field('wizard-address'), '1');
    await user.click(next());
    await screen.findByTestId('wizard-fingerprint');
    expect(screen.getByTestId('wizard-fingerprint-matches').getAttribute('aria-checked')).toBe('false');
  });

  it('compares whatever way it was copied', () => {
    expect(sameFingerprint('', PRINT)).toBeNull();
    expect(sameFingerprint(PRINT.replaceAll(':', ''), PRINT)).toBe(true);
    expect(sameFingerprint(`${PRINT.slice(0, 47)}\n ${PRINT.slice(48)}`, PRINT)).toBe(true);
    expect(sameFingerprint(PRINT.slice(0, 40), PRINT)).toBe(false);
  });
});

describe('failures', () => {
  it.each([
    ['unreachable', 'Nothing answers at 192.168.1.10:8006.', 'connection refused', 'See whether the node runs.'],
    ['badInput', 'This address speaks plain http.', null, 'Use the https address.'],
  ] as const)('of the address are shown whole, and a second try works: %s', async (code, message, words, advice) => {
    const { user, host } = await open();
    const answer = host.answers.probe_cluster;
    host.answers.probe_cluster = () => {
      throw failure(code, message, words, advice);
    };
    await user.click(screen.getByTestId('add-cluster'));
    await user.type(field('wizard-address'), '192.168.1.10');
    await user.click(next());
    const error = await screen.findByTestId('wizard-error');
    for (const text of [message, words ?? '', advice]) expect(error.textContent).toContain(text);
    expect(field('wizard-address').value).toBe('192.168.1.10');
    host.answers.probe_cluster = answer;
    await user.click(next());
    await screen.findByTestId('wizard-fingerprint');
  });

  it('of the token can be put right with another secret', async () => {
    const { user, host } = await open((host) => refuse(host));
    await toPermissions(user);
    expect((await screen.findByTestId('wizard-error')).textContent).toContain('authentication failure');
    expect(screen.queryByTestId('wizard-next')).toBeNull();
    await user.click(screen.getByTestId('wizard-back'));
    host.answers.check_token = fine;
    await user.type(field('wizard-token-secret'), 'another');
    await user.click(next());
    await waitFor(() => expect(next().textContent).toContain('Go on without them'));
    expect(host.requests('keep_secret')).toHaveLength(2);
  });

  it('of missing rights show the lines that grant them, and check again', async () => {
    const { user, host } = await open((host) => {
      host.answers.check_token = () => ({ ...fine(), enough: false, visibleGuests: 0, grant: ['pveum acl modify / --tokens t'], privileges: [{ name: 'VM.Audit', path: '/vms', usedFor: 'see', granted: false, required: true }] });
    });
    await toPermissions(user);
    expect((await screen.findByTestId('wizard-grant')).textContent).toBe('pveum acl modify / --tokens t');
    expect(screen.getByTestId('right-VM.Audit').textContent).toContain('Missing');
    expect(screen.queryByTestId('wizard-next')).toBeNull();
    host.answers.check_token = fine;
    await user.click(screen.getByTestId('wizard-check'));
    await waitFor(() => expect(next()).toBeTruthy());
  });

  it('of a node stay at that node, and the other can be skipped', async () => {
    const { user, host } = await open((host) => {
      host.answers.save_access = () => {
        throw failure('refused', 'pve1 refuses the key of RedFlag.', 'Permission denied (publickey)', 'Add the key, or give the password once.');
      };
    });
    await toAccess(user);
    await connect(user, 'pve1', null);
    expect((await screen.findByTestId('wizard-access-pve1-error')).textContent).toContain('Permission denied');
    host.answers.save_access = () => ({ hostname: 'pve1', guests: 1 });
    await user.click(screen.getByTestId('wizard-access-pve1-save'));
    await screen.findByTestId('wizard-access-pve1-ready');
    await user.click(screen.getByTestId('wizard-access-pve2-skip'));
    expect(within(screen.getByTestId('wizard-access-pve2')).getByText(/no agent can be installed/)).toBeTruthy();
    expect(next().textContent).toBe('Go on');
  });

  it('of a changed host key are named, with the key that was there before', async () => {
    const { user } = await open((host) => {
      host.answers.probe_node = () => ({ key: { algorithm: 'ssh-ed25519', fingerprint: 'SHA256:new' }, changedFrom: { algorithm: 'ssh-ed25519', fingerprint: 'SHA256:old' }, compare: 'ssh-keygen -lf' });
    });
    await toAccess(user);
    await user.click(screen.getByTestId('wizard-access-pve1-probe'));
    expect(await screen.findByText(/SHA256:old/)).toBeTruthy();
  });

  it('of the discovery are listed beside what was found', async () => {
    const { user } = await open((host) => {
      host.answers.discover = () => ({ nodes: 2, guests: 11, running: 9, stopped: 1, templates: 1, problems: ['pve2: no route to host'], sentence: 'Found 2 nodes, 11 LXCs' });
    });
    await toAccess(user);
    await user.click(next());
    expect((await screen.findByTestId('wizard-problems')).textContent).toContain('pve2: no route to host');
    await user.click(screen.getByTestId('wizard-done'));
    expect(screen.getByTestId('tree')).toBeTruthy();
  });
});

it('nodes that can be entered already need nothing', async () => {
  const { user, host } = await open();
  await user.click(document.querySelector<HTMLElement>('[data-name="pve1"]') as HTMLElement);
  await user.click(await screen.findByTestId('panel-access'));
  expect((await screen.findByTestId('wizard-access-pve1-before')).textContent).toContain('root@192.168.1.11:22');
  expect(screen.queryByTestId('wizard-access-pve2')).toBeNull();
  expect(next().textContent).toBe('Done');
  expect(next().classList.contains('primary')).toBe(true);
  await user.click(screen.getByTestId('wizard-access-pve1-anew'));
  expect(screen.getByTestId('wizard-access-pve1-host')).toBeTruthy();
  expect(host.requests('access_info')).toHaveLength(1);
});

it('says that a cluster reached through another node was there already', async () => {
  const { user } = await open((host) => {
    host.answers.add_cluster = () => ({ cluster: C1, already: true });
  });
  await toAccess(user);
  expect((await screen.findByTestId('notice-ok')).textContent).toContain('Homelab Cluster 1 was in RedFlag already');
});

it('does not call a cluster a single node while the right to see it is missing', async () => {
  const { user } = await open((host) => {
    host.answers.check_token = () => ({ ...fine(), clusterName: null, enough: false, privileges: [{ name: 'Sys.Audit', path: '/', usedFor: 'see', granted: false, required: true }] });
  });
  await toPermissions(user);
  expect((await screen.findByTestId('wizard-cluster-name')).textContent).toBe('Not known without Sys.Audit');
});

it('says when the cluster is there already', async () => {
  const { user } = await open((host) => {
    const probe = host.answers.probe_cluster;
    host.answers.probe_cluster = async (request) => ({ ...(await probe(request)), known: C1 });
  });
  await toCertificate(user);
  expect(screen.getByTestId('wizard-known').textContent).toContain('Homelab Cluster 1');
});

function refuse(host: MemoryHost): void {
  host.answers.check_token = () => {
    throw failure('refused', 'Proxmox refuses the token.', 'authentication failure', 'See whether token id and secret are right and the token has not expired.');
  };
}

function fine() {
  return {
    version: '8.4.21', clusterName: 'c', nodes: ['pve1'], enough: true, visibleGuests: 2, grant: [],
    privileges: [{ name: 'VM.Audit', path: '/vms', usedFor: 'see', granted: true, required: true }, { name: 'VM.PowerMgmt', path: '/vms', usedFor: 'start', granted: false, required: false }],
  };
}
