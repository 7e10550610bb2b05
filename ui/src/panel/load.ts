// The load of an LXC as lines over time: paths with gaps, scales, figures. Pure.
import type { LoadPoint } from '../bindings/LoadPoint';
import type { TimeFrame } from '../bindings/TimeFrame';
import { words } from '../words/en';
import { bytes } from '../words/format';

const text = words.load;
const LOCALE = 'en-GB';

export const FRAMES: readonly TimeFrame[] = ['hour', 'day', 'week', 'month', 'year'];

export interface Series {
  id: string;
  name: string;
  of: (point: LoadPoint) => number | null;
}

export interface Chart {
  id: 'cpu' | 'memory' | 'network' | 'disk';
  name: string;
  series: readonly Series[];
  show: (value: number) => string;
  /** The largest value that the chart has room for. */
  top: (points: readonly LoadPoint[]) => number;
}

const shares = new Intl.NumberFormat(LOCALE, { style: 'percent', maximumFractionDigits: 1 });
const share = (value: number): string => shares.format(value).replace('%', ' %');

const RATES = ['byte-per-second', 'kilobyte-per-second', 'megabyte-per-second', 'gigabyte-per-second'].map((unit) => new Intl.NumberFormat(LOCALE, { style: 'unit', unit, maximumSignificantDigits: 3 }));

/** `120 kB/s` */
export function rate(value: number): string {
  const step = value < 1 ? 0 : Math.min(RATES.length - 1, Math.floor(Math.log10(value) / 3));
  return RATES[step]?.format(value / 1000 ** step) ?? '';
}

const LEAST_CPU = 0.05;
const LEAST_RATE = 1000;

export const CHARTS: readonly Chart[] = [
  { id: 'cpu', name: text.cpu, series: [{ id: 'cpu', name: text.used, of: (point) => point.cpu }], show: share, top: (points) => roundUp(Math.max(LEAST_CPU, largest(points, (point) => point.cpu))) },
  {
    id: 'memory', name: text.memory, series: [{ id: 'memory', name: text.used, of: (point) => point.memory }], show: (value) => bytes(Math.round(value)),
    top: (points) => Math.max(1, largest(points, (point) => point.memoryTotal), largest(points, (point) => point.memory)),
  },
  two('network', text.network, { id: 'in', name: text.netIn, of: (point) => point.netIn }, { id: 'out', name: text.netOut, of: (point) => point.netOut }),
  two('disk', text.disk, { id: 'read', name: text.read, of: (point) => point.diskRead }, { id: 'write', name: text.write, of: (point) => point.diskWrite }),
];

function two(id: Chart['id'], name: string, first: Series, second: Series): Chart {
  return { id, name, series: [first, second], show: rate, top: (points) => roundUp(Math.max(LEAST_RATE, largest(points, first.of), largest(points, second.of))) };
}

function largest(points: readonly LoadPoint[], of: Series['of']): number {
  return points.reduce((most, point) => Math.max(most, of(point) ?? 0), 0);
}

/** To 1, 2 or 5 times a power of ten. */
export function roundUp(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  const part = value / power;
  return (part <= 1 ? 1 : part <= 2 ? 2 : part <= 5 ? 5 : 10) * power;
}

/** A sample that is alone between gaps is still seen. */
export function pathOf(points: readonly LoadPoint[], of: Series['of'], top: number, width: number, height: number): string {
  const [from, to] = [points[0]?.at ?? 0, points.at(-1)?.at ?? 1];
  const x = (at: number) => round(((at - from) / Math.max(1, to - from)) * width);
  const y = (value: number) => round(height - (Math.min(value, top) / top) * height);
  let path = '';
  let drawing = false;
  points.forEach((point, i) => {
    const value = of(point);
    if (value === null) {
      drawing = false;
      return;
    }
    const next = points[i + 1];
    const alone = !drawing && (next === undefined || of(next) === null);
    path += `${drawing ? 'L' : 'M'}${x(point.at)} ${y(value)}${alone ? 'h.01' : ''}`;
    drawing = true;
  });
  return path;
}

const round = (value: number): number => Math.round(value * 100) / 100;

export interface Figures {
  least: number;
  mean: number;
  most: number;
}

/** Null where there is no sample at all. */
export function figuresOf(points: readonly LoadPoint[], of: Series['of']): Figures | null {
  const values = points.map(of).filter((value) => value !== null);
  if (values.length === 0) return null;
  return { least: Math.min(...values), mean: values.reduce((sum, value) => sum + value, 0) / values.length, most: Math.max(...values) };
}

const TIMES: Record<TimeFrame, Intl.DateTimeFormat> = {
  hour: new Intl.DateTimeFormat(LOCALE, { hour: '2-digit', minute: '2-digit' }),
  day: new Intl.DateTimeFormat(LOCALE, { weekday: 'short', hour: '2-digit', minute: '2-digit' }),
  week: new Intl.DateTimeFormat(LOCALE, { weekday: 'short', day: 'numeric', month: 'short' }),
  month: new Intl.DateTimeFormat(LOCALE, { day: 'numeric', month: 'short' }),
  year: new Intl.DateTimeFormat(LOCALE, { day: 'numeric', month: 'short', year: 'numeric' }),
};
const MOMENTS: Record<TimeFrame, Intl.DateTimeFormat> = { ...TIMES, week: new Intl.DateTimeFormat(LOCALE, { weekday: 'short', hour: '2-digit', minute: '2-digit' }), month: new Intl.DateTimeFormat(LOCALE, { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' }) };

/** Under the axis. */
export const timeAt = (at: number, frame: TimeFrame): string => TIMES[frame].format(at);
/** Of one sample. */
export const momentAt = (at: number, frame: TimeFrame): string => MOMENTS[frame].format(at);

/** Proxmox lists times before the start, too, without a single figure: then there is nothing to draw. */
export const isEmpty = (points: readonly LoadPoint[]): boolean => CHARTS.every(({ series }) => series.every(({ of }) => points.every((point) => of(point) === null)));
