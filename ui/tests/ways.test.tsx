// The ways into LXCs: the recommended road, other keys and accounts, and agents by a pasted command.
import { act, screen, waitFor, within } from '@testing-library/react';
import type { UserEvent } from '@testing-library/user-event';
import { describe, expect, it } from 'vitest';
import type { Paste } from '../src/bindings/Paste';
import { openAccess } from '../src/wizard/open';
import { useWizard, USUAL_WAY } from '../src/wizard/state';
import { C1, guestId, NOW } from './fixtures/fleet';
import { PASTES, paste, ROADS } from './fixtures/ways';
import { failure, type MemoryHost } from './host';
import { frame, open, row } from './open';

const at = (what: string) => screen.getByTestId(`wizard-access-pve1-${what}`);

async function card(prepare: (host: MemoryHost) => void = () => undefined): Promise<{ host: MemoryHost; user: UserEvent }> {
  const opened = await open(prepare);
  act(() => openAccess(C1, 'pve1'));
  await opened.user.click(await screen.findByTestId('wizard-access-pve1-anew'));
  return opened;
}

async function connect(user: UserEvent): Promise<void> {
  await user.click(at('probe'));
  await user.click(await screen.findByTestId('wizard-access-pve1-accept'));
  await user.click(at('save'));
  await screen.findByTestId('wizard-access-pve1-ready');
}

const saved = (host: MemoryHost) => host.requests('save_access').at(-1);

describe('the way into a node', () => {
  it('is the usual one unless another is looked for', async () => {
    const { host, user } = await card();
    expect(screen.queryByTestId('wizard-access-pve1-with-own')).toBeNull();
    await connect(user);
    expect(saved(host)).toMatchObject({ way: USUAL_WAY, user: 'root', password: null });
  });

  it('may be opened by a key file, and then asks for no password', async () => {
    const { host, user } = await card();
    await user.click(at('more'));
    await user.click(at('with-file'));
    await user.clear(at('file'));
    await user.type(at('file'), '~/.ssh/lab');
    await user.click(at('probe'));
    await user.click(await screen.findByTestId('wizard-access-pve1-accept'));
    expect(screen.queryByTestId('wizard-access-pve1-password')).toBeNull();
    await user.click(at('save'));
    await screen.findByTestId('wizard-access-pve1-ready');
    expect(saved(host)?.way).toEqual({ key: { kind: 'file', path: '~/.ssh/lab' }, entry: 'attach', through: null });
  });

  it('may be opened by the ssh-agent, with one of its keys alone', async () => {
    const { host, user } = await card();
    await user.click(at('more'));
    await user.click(at('with-agent'));
    await user.type(at('only'), 'SHA256:abc');
    await connect(user);
    expect(saved(host)?.way?.key).toEqual({ kind: 'agent', socket: null, only: 'SHA256:abc' });
  });

  it('may be another account, with the lines that let it in', async () => {
    const { host, user } = await card((host) => {
      host.answers.save_access = () => ({ hostname: 'pve1', guests: null });
    });
    await user.click(at('more'));
    await user.click(at('enter-sudo'));
    expect((at('user') as HTMLInputElement).value).toBe('redflag');
    expect((await screen.findByTestId('wizard-access-pve1-lines')).textContent).toBe('lines for redflag by sudo');
    await connect(user);
    expect(saved(host)).toMatchObject({ user: 'redflag', way: { entry: 'sudo' } });
    expect(at('ready').textContent).toContain('the account may enter its LXCs');
  });

  it('may be a bound key, and goes back to root', async () => {
    const { host, user } = await card((host) => {
      host.answers.save_access = () => ({ hostname: null, guests: null });
    });
    await user.click(at('more'));
    await user.click(at('enter-sudo'));
    await user.click(at('enter-wrapper'));
    expect((await screen.findByText('lines for root by wrapper')).textContent).toBeTruthy();
    await connect(user);
    expect(saved(host)).toMatchObject({ user: 'root', way: { entry: 'wrapper' } });
    expect(at('ready').textContent).toContain('bound as it should be');
  });

  it('says why the lines cannot be made', async () => {
    const { user } = await card((host) => {
      host.answers.access_setup = () => {
        throw failure('badInput', 'The ssh-agent holds several keys', null, 'Write the fingerprint of the one to use.');
      };
    });
    await user.click(at('more'));
    await user.click(at('enter-wrapper'));
    expect((await screen.findByTestId('wizard-access-pve1-lines-error')).textContent).toContain('several keys');
  });

  it('may lead through a node that is connected, and then its key is looked at that way', async () => {
    const { host, user } = await card();
    await user.click(at('more'));
    await user.click(at('probe'));
    await screen.findByTestId('wizard-access-pve1-accept');
    const through = at('through') as HTMLSelectElement;
    expect([...through.options].map((option) => option.value)).toEqual(['', 'pve2']);
    await user.selectOptions(through, 'pve2');
    expect(screen.queryByTestId('wizard-access-pve1-accept')).toBeNull();
    await connect(user);
    expect(host.requests('probe_node').map(({ through }) => through)).toEqual([null, 'pve2']);
    expect(saved(host)?.way?.through).toBe('pve2');
  });

  it('is proposed from the SSH configuration of the user', async () => {
    const { user } = await card((host) => {
      const before = host.answers.access_info;
      host.answers.access_info = async (request) => {
        const info = await before(request);
        const configured = { name: 'lab-one', host: '10.0.0.11', port: 2222, user: 'admin', key: { kind: 'file' as const, path: '/home/me/.ssh/lab' }, through: null };
        return { ...info, notFollowed: ['Match'], nodes: info.nodes.map((node) => (node.node === 'pve1' ? { ...node, configured } : node)) };
      };
    });
    expect(at('configured').textContent).toContain('lab-one: admin@10.0.0.11:2222');
    expect(screen.getByText(/does not follow Match/)).toBeTruthy();
    await user.click(at('use'));
    expect([at('host'), at('port'), at('user')].map((field) => (field as HTMLInputElement).value)).toEqual(['10.0.0.11', '2222', 'admin']);
    expect(useWizard.getState().nodes[0]?.way).toEqual({ key: { kind: 'file', path: '/home/me/.ssh/lab' }, entry: 'sudo', through: null });
    expect(screen.queryByTestId('wizard-access-pve1-configured')).toBeNull();
  });

  it('can be given up, with the reason where it is needed', async () => {
    const { host, user } = await open((host) => {
      host.answers.forget_access = () => {
        throw failure('conflict', 'The way to pve2 leads through pve1', null, 'Give these another way first.');
      };
    });
    await user.click(row('pve1'));
    expect((await screen.findByTestId('panel-way')).textContent).toBe('RedFlag’s key, as root');
    await user.click(screen.getByTestId('panel-access'));
    await user.click(await screen.findByTestId('wizard-access-pve1-forget'));
    expect((await screen.findByTestId('wizard-access-pve1-error')).textContent).toContain('leads through pve1');
    host.answers.forget_access = () => ({});
    await user.click(at('forget'));
    await screen.findByTestId('wizard-access-pve1-probe');
    expect(host.requests('forget_access').at(-1)).toEqual({ node: { cluster: C1, node: 'pve1' } });
  });
});

describe('the recommended road', () => {
  it('is marked where access is set up, and the others say why not', async () => {
    await card();
    const roads = await screen.findByTestId('roads');
    expect(within(roads).getByTestId('road-ssh').textContent).toContain('Best here');
    expect(within(roads).getByTestId('road-console').textContent).toContain('lacks VM.Console');
    expect(within(roads).getByTestId('road-console').textContent).not.toContain('Best here');
  });

  it('stands in the panel of a node, for that node', async () => {
    const { host, user } = await open((host) => {
      host.answers.roads = () => ({ roads: ROADS.toReversed().map((road) => ({ ...road, fit: 'no' as const })) });
    });
    await user.click(row('pve2'));
    const roads = await screen.findByTestId('roads');
    expect(host.requests('roads').at(-1)).toEqual({ cluster: C1, node: 'pve2' });
    expect(roads.textContent).not.toContain('Best here');
  });

  it('leads to the command for whoever pastes', async () => {
    const { host, user } = await card();
    await user.click(await screen.findByTestId('road-paste-make'));
    await screen.findByTestId('paste');
    expect(host.requests('make_pastes')).toEqual([{ targets: [{ kind: 'node', node: { cluster: C1, node: 'pve1' } }] }]);
  });
});

describe('a pasted command', () => {
  async function made(prepare: (host: MemoryHost) => void = () => undefined): Promise<{ host: MemoryHost; user: UserEvent }> {
    const opened = await open(prepare);
    await opened.user.pointer({ keys: '[MouseRight]', target: row('vaultwarden') });
    await opened.user.click(await screen.findByTestId('action-paste-agent'));
    await screen.findByTestId('paste');
    return opened;
  }
  const news = async (host: MemoryHost, paste: Paste) => {
    act(() => host.send({ kind: 'paste', paste }));
    await frame();
  };

  it('is shown for each node, with what is left out', async () => {
    const { host } = await made();
    expect(host.requests('make_pastes')).toEqual([{ targets: [{ kind: 'guest', guest: guestId(104) }] }]);
    expect((await screen.findByTestId('paste-pve1-command')).textContent).toBe(PASTES.commands[0]?.text);
    expect(screen.getByTestId('paste-pve2').textContent).toContain('Good once, until');
    expect(screen.getByTestId('paste-left-out').textContent).toContain('ubuntu-dev: Not running');
    expect(screen.getByTestId('pasted-104').textContent).toContain('Waiting for the command');
  });

  it('tells who fetched it, then each LXC as it reports', async () => {
    const { host } = await made();
    await screen.findByTestId('paste-pve1-command');
    const fetched = { at: NOW, by: '192.168.1.11' };
    await news(host, paste('pve1', [[104, 'vaultwarden']], { fetched }));
    expect(screen.getByTestId('paste-pve1').textContent).toContain('Fetched by 192.168.1.11');
    expect(screen.queryByTestId('paste-pve1-command')).toBeNull();
    expect(screen.getByTestId('pasted-104').textContent).toContain('Waiting for its agent');
    const [of] = paste('pve1', [[104, 'vaultwarden']]).guests;
    if (of === undefined) throw new Error('there is one');
    await news(host, paste('pve1', [], { fetched, guests: [{ ...of, state: { kind: 'enrolled', at: NOW } }] }));
    expect(screen.getByTestId('pasted-104').textContent).toContain('Connected at');
    await news(host, paste('pve2', [], { fetched, guests: [{ ...of, guest: guestId(202), vmid: 202, state: { kind: 'leftOut', why: 'Locked: backup' } }] }));
    expect(screen.getByTestId('pasted-202').textContent).toContain('Locked: backup');
    expect(screen.getByTestId('paste-again')).toBeTruthy();
  });

  it('reads what became of it where events may have been missed', async () => {
    const { host } = await made();
    await screen.findByTestId('paste-pve1-command');
    host.answers.pastes = () => ({ pastes: [paste('pve1', [[104, 'vaultwarden']], { fetched: { at: NOW, by: '192.168.1.11' } })] });
    host.lose(1);
    act(() => host.send({ kind: 'planProgress', answered: 1, of: 1 }));
    await waitFor(() => expect(screen.getByTestId('paste-pve1').textContent).toContain('Fetched by'));
  });

  it('whose hour is over is not shown any more, and made anew', async () => {
    const { host, user } = await made((host) => {
      host.answers.make_pastes = () => ({ commands: [{ paste: paste('pve1', [[104, 'vaultwarden']], { until: NOW }), text: 'old' }], leftOut: [] });
    });
    expect((await screen.findByTestId('paste-pve1')).textContent).toContain('Its hour was over');
    expect(screen.queryByTestId('paste-pve1-command')).toBeNull();
    host.answers.make_pastes = () => PASTES;
    await user.click(screen.getByTestId('paste-again'));
    expect(await screen.findByTestId('paste-pve1-command')).toBeTruthy();
  });

  it('that cannot be made says why', async () => {
    const { host, user } = await made((host) => {
      host.answers.make_pastes = () => {
        throw failure('conflict', 'The command for the node could not be made', 'this computer has no address that a node could reach', 'Connect it to the network of the cluster, then try again.');
      };
    });
    expect((await screen.findByTestId('paste-error')).textContent).toContain('no address');
    host.answers.make_pastes = () => PASTES;
    await user.click(screen.getByText('Try again'));
    expect(await screen.findByTestId('paste-pve1-command')).toBeTruthy();
  });
});
