// Figures for people: sizes, ages, times, lists.
const LOCALE = 'en-GB';
const whole = new Intl.NumberFormat(LOCALE);
const tenth = new Intl.NumberFormat(LOCALE, { maximumFractionDigits: 1, minimumFractionDigits: 1 });
const clock = new Intl.DateTimeFormat(LOCALE, { hour: '2-digit', minute: '2-digit' });
const seconds = new Intl.DateTimeFormat(LOCALE, { hour: '2-digit', minute: '2-digit', second: '2-digit' });
const day = new Intl.DateTimeFormat(LOCALE, { day: 'numeric', month: 'short', year: 'numeric' });
const dayOnly = new Intl.DateTimeFormat(LOCALE, { day: 'numeric', month: 'short' });
const moment = new Intl.DateTimeFormat(LOCALE, { dateStyle: 'medium', timeStyle: 'medium' });
const and = new Intl.ListFormat(LOCALE, { type: 'conjunction' });
const plurals = new Intl.PluralRules(LOCALE);

export const count = (n: number): string => whole.format(n);

/** `1 update`, `3 updates`. */
export function plural(n: number, one: string, many: string): string {
  return `${whole.format(n)} ${plurals.select(n) === 'one' ? one : many}`;
}

/** `0.3 MB`, `44 MB`, `5.2 GB`: decimal units, as package managers print them. */
export function bytes(n: number): string {
  if (n < 1000) return `${n} B`;
  if (n < 50_000) return `${Math.round(n / 1000)} kB`;
  const units = ['MB', 'GB', 'TB'];
  let value = n / 1e6;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${value < 9.95 ? tenth.format(value) : whole.format(Math.round(value))} ${units[unit]}`;
}

/** `now`, `2 min`, `3 h`, `6 d`. */
export function age(at: number, now: number): string {
  return span(Math.max(0, now - at) / 1000);
}

export function span(inSeconds: number): string {
  if (inSeconds < 60) return 'now';
  if (inSeconds < 3600) return `${Math.floor(inSeconds / 60)} min`;
  if (inSeconds < 86_400) return `${Math.floor(inSeconds / 3600)} h`;
  return `${whole.format(Math.floor(inSeconds / 86_400))} d`;
}

/** How long something is up: never `now`. */
export function uptime(inSeconds: number): string {
  return inSeconds < 60 ? `${inSeconds} s` : span(inSeconds);
}

/** `0:06`, `12:30`, `1:02:09`. */
export function duration(milliseconds: number): string {
  const all = Math.max(0, Math.floor(milliseconds / 1000));
  const two = (n: number) => String(n).padStart(2, '0');
  const hours = Math.floor(all / 3600);
  const minutes = Math.floor(all / 60) % 60;
  return hours > 0 ? `${hours}:${two(minutes)}:${two(all % 60)}` : `${minutes}:${two(all % 60)}`;
}

/** `48 s`, `3 min 12 s`, `5 min`, `1 h 4 min`. */
export function took(milliseconds: number): string {
  const all = Math.max(0, Math.round(milliseconds / 1000));
  if (all < 60) return `${all} s`;
  const [whole, rest] = all < 3600 ? [`${Math.floor(all / 60)} min`, all % 60] : [`${Math.floor(all / 3600)} h`, Math.floor(all / 60) % 60];
  return rest === 0 ? whole : `${whole} ${rest} ${all < 3600 ? 's' : 'min'}`;
}

export const percent = (share: number): string => `${Math.round(share * 100)} %`;
export const timeOfDay = (at: number): string => clock.format(at);
export const timeWithSeconds = (at: number): string => seconds.format(at);
export const dayOf = (at: number): string => day.format(at);
export const exact = (at: number): string => moment.format(at);
export const list = (items: readonly string[]): string => and.format(items);

/** `Debian 12` of `Debian GNU/Linux 12 (bookworm)`: what fits beside other things. */
export function shortOs(name: string): string {
  return name.replace(' GNU/Linux', '').replace(/\s*\(.*\)$/, '');
}

/** The clock today, the day before that; the year only where it is another. */
export function when(at: number, now: number): string {
  const [then, today] = [new Date(at), new Date(now)];
  if (then.toDateString() === today.toDateString()) return clock.format(at);
  return (then.getFullYear() === today.getFullYear() ? dayOnly : day).format(at);
}
