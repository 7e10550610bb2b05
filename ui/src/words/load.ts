// The words of the load of an LXC over time.
import type { TimeFrame } from '../bindings/TimeFrame';

const frames: Record<TimeFrame, string> = { hour: 'Hour', day: 'Day', week: 'Week', month: 'Month', year: 'Year' };

export const load = {
  tab: 'Resources', frame: 'Time', frames, cpu: 'CPU', memory: 'RAM', network: 'Network', disk: 'Disk', netIn: 'In', netOut: 'Out', read: 'Read', write: 'Write', used: 'Used',
  reading: 'Asking Proxmox.', none: 'No samples yet', noneText: 'Proxmox keeps figures of an LXC while it runs. They appear some minutes after its start.', noneOf: 'No samples', unknown: 'no sample',
  of: (used: string, all: string) => `${used} of ${all}`, at: (value: string, when: string) => `${value} at ${when}`, chart: (name: string) => `${name}: arrow keys move from sample to sample`, table: (name: string) => `${name} in figures`,
  columns: { series: 'Series', least: 'Least', mean: 'Mean', most: 'Most' }, span: (from: string, to: string) => `${from} to ${to}`, mean: (value: string) => `mean ${value}`, most: (value: string) => `most ${value}`,
} as const;
