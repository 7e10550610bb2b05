// The registries: what is said of each, how it is asked, as whom, and logins taken over from Docker and Podman.
import { screen, waitFor, within } from '@testing-library/react';
import { expect, it } from 'vitest';
import { allowanceInWords, isHost } from '../src/images/registries';
import { NOW } from './fixtures/fleet';
import { failure, type MemoryHost } from './host';
import { open } from './open';

async function openRegistries(prepare: (host: MemoryHost) => void = () => undefined) {
  const opened = await open(prepare);
  await opened.user.click(screen.getByTestId('view-images'));
  await opened.user.click(screen.getByTestId('images-part-registries'));
  await waitFor(() => expect(opened.host.requests('images')).toHaveLength(1));
  return opened;
}
type User = Awaited<ReturnType<typeof open>>['user'];

const registry = (name: string) => screen.getByTestId(`registry-${name}`);
const value = (testId: string) => screen.getByTestId<HTMLInputElement>(testId).value;

async function choose(user: User, name: string, entry: string): Promise<void> {
  await user.click(await screen.findByTestId(`more-${name}`));
  await user.click(await screen.findByTestId(`action-registry-${entry}`));
}

it('says how many images, as whom, how, and what is left', async () => {
  await openRegistries();
  const cells = (await screen.findByTestId('registry-docker.io')).querySelectorAll('[role="cell"]');
  expect([...cells].slice(0, 5).map((cell) => cell.textContent)).toEqual(['docker.io', '8', 'Anonymously', expect.stringMatching(/^37 of 100 left, whole again \d\d:20$/), 'Through mirror.lan:5000']);
  expect(registry('ghcr.io').textContent).toMatch(/^ghcr\.io1As adaThe registry answers nobody until \d\d:24In the usual way$/);
  // Where nothing is told, nothing is said, and nothing good either.
  expect(registry('quay.io').textContent).toBe('quay.io0AnonymouslyIn the usual way');
  expect(registry('registry.lan:5000').textContent).toContain('connection refused (os error 111)');
  expect(registry('registry.lan:5000').textContent).toContain('Without encryptionOwn certificate');
  expect(screen.getByText('Passwords are sealed on this computer and not shown again.')).toBeTruthy();
});

it('says of an allowance only what can be known', () => {
  const told = { remaining: 37, limit: 100, at: NOW };
  expect(allowanceInWords({ ...told, wholeAt: null }, NOW)).toBe('37 of 100 left');
  expect(allowanceInWords({ ...told, wholeAt: NOW - 1 }, NOW)).toMatch(/^Whole again since \d\d:53$/);
});

it.each([['registry.lan:5000', true], ['docker.io', true], ['[fd00::1]:5000', true], ['https://registry.lan', false], ['registry.lan/team', false], ['a b', false], ['', false]])('%s is a host: %s', (name, is) => expect(isHost(name)).toBe(is));

it('changes how a registry is asked', async () => {
  const { user, host } = await openRegistries();
  await choose(user, 'registry.lan:5000', 'change');
  const dialog = await screen.findByTestId('registry-dialog-change');
  expect(dialog.textContent).toContain('How registry.lan:5000 is asked');
  expect(dialog.textContent).toContain('Everything goes over the network readable');
  expect(screen.queryByTestId('registry-name')).toBeNull();
  expect(screen.getByTestId('registry-insecure').getAttribute('aria-checked')).toBe('true');
  await user.click(screen.getByTestId('registry-insecure'));
  await user.type(screen.getByTestId('registry-mirror'), 'https://mirror.lan');
  expect(within(dialog).getByText('A host, or a host and a port, and nothing else.')).toBeTruthy();
  expect(screen.getByTestId('registry-save').hasAttribute('disabled')).toBe(true);
  await user.clear(screen.getByTestId('registry-mirror'));
  await user.type(screen.getByTestId('registry-mirror'), 'mirror.lan');
  await user.clear(screen.getByTestId('registry-pem'));
  await user.paste('-----BEGIN PRIVATE KEY-----');
  expect(within(dialog).getByText(/This is a private key/)).toBeTruthy();
  expect(screen.getByTestId('registry-save').hasAttribute('disabled')).toBe(true);
  await user.clear(screen.getByTestId('registry-pem'));
  await user.click(screen.getByTestId('registry-save'));
  await waitFor(() => expect(host.requests('set_registry')).toEqual([{ registry: { name: 'registry.lan:5000', mirror: 'mirror.lan', insecure: false, caPem: null } }]));
  await waitFor(() => expect(screen.queryByTestId('registry-dialog-change')).toBeNull());
  await waitFor(() => expect(host.requests('images')).toHaveLength(2));
});

it('adds a registry that no image uses yet, and says why it cannot', async () => {
  const { user, host } = await openRegistries((host) => {
    host.answers.set_registry = () => {
      throw failure('badInput', 'The registry cannot be asked like this.', 'no such port');
    };
  });
  await user.click(await screen.findByTestId('registry-add'));
  const field = await screen.findByTestId('registry-name');
  await waitFor(() => expect(document.activeElement).toBe(field));
  await user.type(field, 'quay.io');
  expect(screen.getByText('This registry is in the list already.')).toBeTruthy();
  expect(screen.getByTestId('registry-save').hasAttribute('disabled')).toBe(true);
  await user.clear(field);
  await user.type(field, 'harbor.lan:8443');
  await user.click(screen.getByTestId('registry-pem'));
  await user.paste('-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n');
  await user.click(screen.getByTestId('registry-save'));
  expect((await screen.findByTestId('registry-error')).textContent).toContain('no such port');
  expect(host.requests('set_registry')).toEqual([{ registry: { name: 'harbor.lan:8443', mirror: null, insecure: false, caPem: '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----' } }]);
});

it('asks in the usual way again, and anonymously again, where it was otherwise', async () => {
  const { user, host } = await openRegistries();
  await choose(user, 'docker.io', 'usual');
  await waitFor(() => expect(host.requests('remove_registry')).toEqual([{ name: 'docker.io' }]));
  await choose(user, 'ghcr.io', 'logout');
  await waitFor(() => expect(host.requests('remove_login')).toEqual([{ registry: 'ghcr.io' }]));
  await user.click(screen.getByTestId('more-quay.io'));
  expect((await screen.findByTestId('action-registry-usual')).textContent).toContain('It is asked in the usual way');
  expect(screen.getByTestId('action-registry-usual').getAttribute('aria-disabled')).toBe('true');
  expect(screen.getByTestId('action-registry-logout').textContent).toContain('It is asked anonymously');
  expect(screen.getByTestId('action-registry-login').textContent).toBe('Set login…');
  await user.keyboard('{Escape}');
  await waitFor(() => expect(document.activeElement).toBe(screen.getByTestId('more-quay.io')));
});

it('hands the password to the sealed store and only its reference on', async () => {
  const { user, host } = await openRegistries();
  await choose(user, 'docker.io', 'login');
  const field = await screen.findByTestId('login-user');
  // The menu that opened the dialog does not take the focus back.
  await waitFor(() => expect(document.activeElement).toBe(field));
  await user.type(field, 'ada');
  expect(screen.getByTestId('login-save').hasAttribute('disabled')).toBe(true);
  await user.type(screen.getByTestId('login-password'), ' dckr_pat secret ');
  await user.click(screen.getByTestId('login-save'));
  await waitFor(() => expect(host.requests('set_login')).toEqual([{ registry: 'docker.io', user: 'ada', password: { id: 's-1' } }]));
  // As it was typed: a password may end with a blank.
  expect(host.requests('keep_secret')).toEqual([{ value: ' dckr_pat secret ' }]);
  expect(JSON.stringify(host.calls.filter(({ command }) => command !== 'keep_secret'))).not.toContain('dckr_pat');
  await waitFor(() => expect(screen.queryByTestId('registry-dialog-login')).toBeNull());
  expect(document.body.innerHTML).not.toContain('dckr_pat');
});

it('empties the field at once, and tries again without a second typing', async () => {
  let tries = 0;
  const { user, host } = await openRegistries((host) => {
    host.answers.set_login = () => {
      tries += 1;
      if (tries === 1) throw failure('unreachable', 'ghcr.io does not answer.');
      throw failure('refused', 'ghcr.io refuses the login.', 'unauthorized');
    };
  });
  await choose(user, 'ghcr.io', 'login');
  expect(await screen.findByTestId('login-user')).toHaveProperty('value', 'ada');
  await user.type(screen.getByTestId('login-password'), 'secret');
  await user.click(screen.getByTestId('login-save'));
  expect((await screen.findByTestId('login-error')).textContent).toContain('ghcr.io does not answer.');
  expect(value('login-password')).toBe('');
  expect(screen.getByTestId<HTMLInputElement>('login-password').placeholder).toContain('Kept.');
  await user.click(screen.getByTestId('login-save'));
  await waitFor(() => expect(screen.getByTestId('login-error').textContent).toContain('unauthorized'));
  expect(host.requests('keep_secret')).toHaveLength(1);
  // What was refused is not worth trying again.
  expect(screen.getByTestId('login-save').hasAttribute('disabled')).toBe(true);
});

it('warns before a password goes over the network readable', async () => {
  const { user } = await openRegistries();
  await choose(user, 'registry.lan:5000', 'login');
  expect((await screen.findByTestId('login-insecure')).textContent).toContain('without encryption');
});

it('takes over logins of Docker and Podman: one for a registry, and none that cannot be used', async () => {
  const { user, host } = await openRegistries();
  expect(host.requests('found_logins')).toEqual([]);
  await user.click(await screen.findByTestId('registry-find'));
  expect((await screen.findByTestId('found-ghcr.io')).textContent).toContain('Replaces the login of ada');
  const unusable = screen.getByTestId('found-registry.example.org');
  expect(unusable.textContent).toContain('No user named');
  expect(unusable.textContent).toContain('Cannot be taken over: its password lies with the program docker-credential-pass');
  expect(within(unusable).getByRole('checkbox').hasAttribute('disabled')).toBe(true);
  expect(screen.getByTestId('found-take').hasAttribute('disabled')).toBe(true);
  await user.click(screen.getByRole('checkbox', { name: 'Take over docker.io as ada from /home/ada/.docker/config.json' }));
  await user.click(screen.getByRole('checkbox', { name: /docker\.io as lovelace/ }));
  await user.click(screen.getByRole('checkbox', { name: /ghcr\.io as grace/ }));
  expect(screen.getAllByRole('checkbox').map((box) => box.getAttribute('aria-checked'))).toEqual(['false', 'true', 'true', 'false']);
  await user.click(screen.getByTestId('found-take'));
  await waitFor(() => expect(host.requests('take_logins')).toEqual([{ logins: [{ registry: 'docker.io', file: '/run/user/1000/containers/auth.json' }, { registry: 'ghcr.io', file: '/home/ada/.docker/config.json' }] }]));
  expect((await screen.findByTestId('notice-ok')).textContent).toContain('2 logins taken over.');
  expect(screen.queryByTestId('registry-dialog-find')).toBeNull();
});

it('says that no login was found, why they cannot be read, and why they cannot be taken over', async () => {
  const { user, host } = await openRegistries((host) => {
    host.answers.found_logins = () => {
      throw failure('internal', 'The files cannot be read.', 'permission denied');
    };
    host.answers.take_logins = () => {
      throw failure('internal', 'The store cannot be written.');
    };
  });
  await user.click(await screen.findByTestId('registry-find'));
  const error = await screen.findByTestId('found-error');
  expect(error.textContent).toContain('permission denied');
  host.answers.found_logins = () => ({ logins: [{ registry: 'quay.io', user: 'ada', file: '/x', problem: null }] });
  await user.click(within(error).getByText('Try again'));
  await user.click(await screen.findByRole('checkbox', { name: /quay\.io/ }));
  await user.click(screen.getByTestId('found-take'));
  expect((await screen.findByTestId('take-error')).textContent).toContain('The store cannot be written.');
  await user.click(screen.getByTestId('dialog-cancel'));
  host.answers.found_logins = () => ({ logins: [] });
  await user.click(screen.getByTestId('registry-find'));
  expect((await screen.findByTestId('found-none')).textContent).toContain('No login was found.');
});

it('says that no registry is known, and what can be done nevertheless', async () => {
  await openRegistries((host) => {
    host.answers.images = () => ({ images: [], registries: [], everyHours: 6 });
  });
  expect((await screen.findByTestId('registries-none')).textContent).toContain('Add one to say beforehand how it is asked.');
  expect(screen.getByTestId('registry-add')).toBeTruthy();
});

it('says of a failed change what failed', async () => {
  const { user } = await openRegistries((host) => {
    host.answers.remove_login = () => {
      throw failure('notFound', 'The login is not known.');
    };
  });
  await choose(user, 'ghcr.io', 'logout');
  expect((await screen.findByTestId('notice-error')).textContent).toContain('The login is not known.');
});
