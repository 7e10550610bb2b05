// Times of the day in steps of half an hour. Pure.
import type { QuietHours } from '../bindings/QuietHours';

const STEP = 30;
const DAY = 24 * 60;

/** What quiet hours begin with when they are switched on. */
export const USUAL_NIGHT: QuietHours = { from: 22 * 60 + 30, to: 7 * 60 };

const HALF_HOURS: readonly number[] = Array.from({ length: DAY / STEP }, (_, i) => i * STEP);

/** One that was set elsewhere stands among them. */
export function halfHoursWith(minute: number): [string, string][] {
  const all = HALF_HOURS.includes(minute) ? HALF_HOURS : [...HALF_HOURS, minute].toSorted((a, b) => a - b);
  return all.map((one) => [String(one), clockOf(one)]);
}

/** `22:30` */
export function clockOf(minute: number): string {
  const two = (n: number) => String(n).padStart(2, '0');
  return `${two(Math.floor(minute / 60))}:${two(minute % 60)}`;
}
