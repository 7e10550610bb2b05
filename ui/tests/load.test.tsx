// The load of an LXC over time: lines with gaps, figures, and what is said where there is nothing.
import { act, screen, waitFor } from '@testing-library/react';
import { describe, expect, it } from 'vitest';
import type { LoadPoint } from '../src/bindings/LoadPoint';
import { CHARTS, figuresOf, isEmpty, pathOf, rate, roundUp } from '../src/panel/load';
import { LOAD } from './fixtures/preferences';
import { guestId } from './fixtures/fleet';
import { failure } from './host';
import { open, row } from './open';

const point = (at: number, cpu: number | null): LoadPoint => ({ at, cpu, memory: null, memoryTotal: null, diskRead: null, diskWrite: null, netIn: null, netOut: null });
const cpu = (one: LoadPoint) => one.cpu;

describe('lines', () => {
  it('leave a gap where there is no sample, and show one that is alone', () => {
    const points = [point(0, 0), point(1, 0.5), point(2, null), point(3, 1), point(4, null)];
    expect(pathOf(points, cpu, 1, 40, 10)).toBe('M0 10L10 5M30 0h.01');
  });

  it('have figures over the samples that there are', () => {
    expect(figuresOf([point(0, 1), point(1, null), point(2, 3)], cpu)).toEqual({ least: 1, mean: 2, most: 3 });
    expect(figuresOf([point(0, null)], cpu)).toBeNull();
    expect(isEmpty([point(0, null)])).toBe(true);
    expect(isEmpty(LOAD.points)).toBe(false);
  });

  it('have scales that end at a plain number', () => {
    expect([0.12, 0.2, 31_000, 620, 5].map(roundUp)).toEqual([0.2, 0.2, 50_000, 1000, 5]);
    expect(CHARTS[1]?.top(LOAD.points)).toBe(2e9);
    expect([0, 999, 120_400, 3.2e6].map(rate)).toEqual(['0 byte/s', '999 byte/s', '120 kB/s', '3.2 MB/s']);
  });
});

async function resources(prepare: Parameters<typeof open>[0] = () => undefined) {
  const opened = await open(prepare);
  await opened.user.click(row('nextcloud'));
  await opened.user.click(screen.getByTestId('tab-resources'));
  return opened;
}

describe('the tab', () => {
  it('shows an hour of all four, and other spans when asked', async () => {
    const { user, host } = await resources();
    await screen.findByTestId('load-cpu');
    for (const id of ['memory', 'network', 'disk']) expect(screen.getByTestId(`load-${id}`)).toBeTruthy();
    expect(screen.getByTestId('load-line-cpu').getAttribute('d')?.match(/M/g)).toHaveLength(2);
    await user.click(screen.getByTestId('frame-week'));
    await waitFor(() => expect(host.requests('guest_load')).toEqual([{ guest: guestId(200), frame: 'hour' }, { guest: guestId(200), frame: 'week' }]));
  });

  it('reads single samples with the keys, and says them', async () => {
    const { user } = await resources();
    const area = await screen.findByTestId('load-cpu-area');
    act(() => area.focus());
    await user.keyboard('{Home}');
    expect(area.getAttribute('aria-valuetext')).toMatch(/^10 % at \d\d:\d\d$/);
    expect(screen.getByTestId('load-cpu-now').textContent).toBe(area.getAttribute('aria-valuetext'));
    for (let i = 0; i < 21; i += 1) await user.keyboard('{ArrowRight}');
    expect(area.getAttribute('aria-valuetext')).toContain('no sample');
    await user.keyboard('{End}');
    expect(area.getAttribute('aria-valuenow')).toBe('59');
  });

  it('says the same in a table', async () => {
    await resources();
    const table = await screen.findByTestId('load-network-table');
    expect(table.textContent).toContain('Network in figures');
    expect(table.textContent).toContain('In40 kB/s40 kB/s40 kB/s');
  });

  it('says why it cannot be read, and tries again', async () => {
    const { user, host } = await resources((host) => {
      host.answers.guest_load = () => { throw failure('unreachable', 'Proxmox did not answer.', '595 No route to host', 'See whether pve2 runs.'); };
    });
    expect((await screen.findByTestId('load-error')).textContent).toContain('595 No route to host');
    host.answers.guest_load = () => LOAD;
    await user.click(screen.getByTestId('load-again'));
    await screen.findByTestId('load-cpu');
    expect(screen.queryByTestId('load-error')).toBeNull();
  });

  it.each([[[]], [[point(0, null)]]])('says that there are no samples yet', async (points) => {
    await resources((host) => {
      host.answers.guest_load = () => ({ points });
    });
    expect((await screen.findByTestId('load-none')).textContent).toContain('No samples yet');
    expect(screen.queryByTestId('load-cpu')).toBeNull();
  });

  it('is not there for a template', async () => {
    const { user } = await resources();
    await user.click(row('tmpl-debian-12'));
    expect(screen.queryByTestId('tab-resources')).toBeNull();
    expect(screen.getByTestId('tab-updates').getAttribute('aria-selected')).toBe('true');
  });
});
