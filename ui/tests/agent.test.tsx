// The agent's tab: by which way it is heard, what is in the way, the port that agents call.
import { screen } from '@testing-library/react';
import { describe, expect, it } from 'vitest';
import type { AgentState } from '../src/bindings/AgentState';
import { FLEET, NOW } from './fixtures/fleet';
import { GATEWAY } from './fixtures/places';
import { failure, type MemoryHost } from './host';
import { open, row } from './open';

function nextcloudIs(host: MemoryHost, agent: AgentState): void {
  const guests = FLEET.guests.map((guest) => (guest.name === 'nextcloud' ? { ...guest, agent } : guest));
  host.answers.snapshot = () => ({ seq: 10, fleet: { ...FLEET, guests }, operations: [] });
}

describe('an agent that its node carries', () => {
  it('is told by the node in the tree and in the tab', async () => {
    const { user } = await open((host) => nextcloudIs(host, { kind: 'online', version: '0.1.0', since: NOW, older: false, via: 'pve2' }));
    expect(row('nextcloud').textContent).toContain('Via pve2');
    await user.click(row('nextcloud'));
    await user.click(screen.getByTestId('tab-agent'));
    expect(screen.getByTestId('agent-way').textContent).toBe('Through pve2, by SSH');
  });

  it('says why it was not heard that way either', async () => {
    const { user } = await open((host) => nextcloudIs(host, { kind: 'offline', lastSeen: NOW - 600_000, trouble: 'no agent answered through the node' }));
    await user.click(row('nextcloud'));
    await user.click(screen.getByTestId('tab-agent'));
    expect(screen.getByTestId('agent-trouble').textContent).toContain('no agent answered through the node');
  });
});

describe('the connection', () => {
  it('is tried when somebody asks, and says what is in the way', async () => {
    const { user, host } = await open((host) => {
      host.answers.try_way = () => ({
        endpoints: ['192.168.1.5:47100'], open: false,
        problem: { what: 'A firewall between nextcloud and pve2 drops connections', words: '192.168.1.5:47100 is silent', next: 'Allow outgoing TCP' },
      });
    });
    await user.click(row('nextcloud'));
    await user.click(screen.getByTestId('tab-agent'));
    expect(host.requests('try_way')).toEqual([]);
    await user.click(screen.getByTestId('way-try'));
    const told = (await screen.findByTestId('way-closed')).textContent;
    for (const part of ['A firewall between nextcloud and pve2', 'is silent', 'Allow outgoing TCP']) expect(told).toContain(part);
    host.answers.try_way = () => ({ endpoints: ['192.168.1.5:47100'], open: true, problem: null });
    await user.click(screen.getByTestId('way-try'));
    expect((await screen.findByTestId('way-open')).textContent).toContain('192.168.1.5:47100');
  });
});

describe('the port', () => {
  it('is changed for all agents, and the former one is told', async () => {
    const { user, host } = await open();
    await user.click(row('nextcloud'));
    await user.click(screen.getByTestId('tab-agent'));
    expect((await screen.findByTestId('port')).textContent).toBe('47100');
    await user.click(screen.getByTestId('port-change'));
    const field = screen.getByTestId('port-field');
    await user.clear(field);
    await user.type(field, '70000');
    expect(screen.getByTestId('port-save').hasAttribute('disabled')).toBe(true);
    await user.clear(field);
    await user.type(field, '48000');
    await user.click(screen.getByTestId('port-save'));
    expect(host.requests('set_gateway_port')).toEqual([{ port: 48_000 }]);
    expect((await screen.findByTestId('port-former')).textContent).toContain('Port 47100 is heard as well, until 3 agents have');
  });

  it('that is taken says so, and what was typed stays', async () => {
    const { user } = await open((host) => {
      host.answers.set_gateway_port = () => {
        throw failure('conflict', 'RedFlag cannot listen for its agents at 0.0.0.0:80', 'Address already in use');
      };
    });
    await user.click(row('nextcloud'));
    await user.click(screen.getByTestId('tab-agent'));
    await user.click(await screen.findByTestId('port-change'));
    await user.clear(screen.getByTestId('port-field'));
    await user.type(screen.getByTestId('port-field'), '80');
    await user.click(screen.getByTestId('port-save'));
    expect((await screen.findByTestId('port-error')).textContent).toContain('Address already in use');
    expect((screen.getByTestId('port-field') as HTMLInputElement).value).toBe('80');
  });

  it('that the environment sets cannot be changed here', async () => {
    const { user } = await open((host) => {
      host.answers.gateway = () => ({ ...GATEWAY, fixed: true });
    });
    await user.click(row('nextcloud'));
    await user.click(screen.getByTestId('tab-agent'));
    expect((await screen.findByTestId('port')).textContent).toContain('set by REDFLAG_GATEWAY_BIND');
    expect(screen.queryByTestId('port-change')).toBeNull();
  });
});
