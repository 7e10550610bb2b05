// The filter's text: words and `key:value` tokens. What is kept of a filter is this text. Pure.

/** In the order in which they are offered. */
export const KEYS = ['tag', 'state', 'node', 'cluster', 'severity', 'image', 'package', 'agent', 'type'] as const;
export type Key = (typeof KEYS)[number];

/** Keys whose values are a closed list; those of the others come from the fleet. */
export const CLOSED = {
  state: ['running', 'stopped', 'locked', 'template', 'busy', 'unreachable', 'updates', 'security', 'images', 'approved', 'held', 'uptodate', 'stale', 'error', 'unknown'],
  severity: ['critical', 'high', 'medium', 'low', 'unrated', 'other'],
  agent: ['online', 'via', 'older', 'offline', 'off', 'missing'],
  type: ['security', 'apt', 'docker', 'unknown', 'notupdated', 'uptodate'],
} as const;
export type ClosedKey = keyof typeof CLOSED;
export type ValueOf<K extends ClosedKey> = (typeof CLOSED)[K][number];

/** Other words for the same. */
const ALIASES: Partial<Record<Key, Readonly<Record<string, string>>>> = {
  state: { failed: 'error', 'up-to-date': 'uptodate', current: 'uptodate', scanning: 'busy' },
  severity: { security: 'unrated', unknown: 'other' },
  agent: { none: 'missing', notinstalled: 'missing' },
  type: { packages: 'apt', images: 'docker', image: 'docker', 'up-to-date': 'uptodate', template: 'notupdated' },
};

export interface Token {
  key: Key;
  /** Of a closed key in its one spelling. */
  value: string;
  not: boolean;
}

export interface Filter {
  tokens: readonly Token[];
  /** In small letters; each must be found. */
  words: readonly string[];
  /** Keys that do not exist: what has one is searched as text. */
  strange: readonly string[];
  /** Tokens whose value no LXC can have. */
  wrong: readonly Token[];
}

export const isClosed = (key: Key): key is ClosedKey => key in CLOSED;
export const isKey = (text: string): text is Key => (KEYS as readonly string[]).includes(text);

/** Whether an LXC can have it at all. */
export function isRight({ key, value }: Token): boolean {
  return !isClosed(key) || (CLOSED[key] as readonly string[]).includes(value);
}

/** At blanks, but not inside quotes. A quote that is not closed goes to the end. */
export function pieces(text: string): string[] {
  return text.match(/(?:[^\s"]|"[^"]*(?:"|$))+/g) ?? [];
}

const plain = (text: string): string => text.replaceAll('"', '');
const SHAPE = /^(-?)([a-z]+):(.*)$/is;

/** One piece as a token; null where it is a word. `tag:` alone is no token yet. */
export function tokenOf(piece: string): Token | null {
  const [, minus, name = '', rest = ''] = SHAPE.exec(piece) ?? [];
  const key = name.toLowerCase();
  const value = plain(rest).trim();
  if (!isKey(key) || value === '') return null;
  const small = value.toLowerCase();
  return { key, value: isClosed(key) ? (ALIASES[key]?.[small] ?? small) : value, not: minus === '-' };
}

/** A key with nothing behind it filters nothing. */
export const isBegun = (piece: string): boolean => {
  const [, , name = '', rest = ''] = SHAPE.exec(piece) ?? [];
  return isKey(name.toLowerCase()) && plain(rest).trim() === '';
};

/** The key of a piece that looks like a token and is none. Addresses with a port have no letters before it. */
export function strangeKey(piece: string): string | null {
  const name = SHAPE.exec(piece)?.[2];
  return name === undefined || isKey(name.toLowerCase()) ? null : name;
}

function parseAnew(text: string): Filter {
  const tokens: Token[] = [];
  const words: string[] = [];
  const strange: string[] = [];
  for (const piece of pieces(text)) {
    if (isBegun(piece)) continue;
    const token = tokenOf(piece);
    const key = token === null ? strangeKey(piece) : null;
    if (token !== null) tokens.push(token);
    else if (plain(piece).trim() !== '') words.push(plain(piece).trim().toLowerCase());
    if (key !== null) strange.push(key);
  }
  return { tokens, words, strange, wrong: tokens.filter((token) => !isRight(token)) };
}

const MOST = 64;
const parsed = new Map<string, Filter>();

/** Parsed once for a text. */
export function parse(text: string): Filter {
  const known = parsed.get(text);
  if (known !== undefined) return known;
  if (parsed.size >= MOST) parsed.clear();
  const filter = parseAnew(text);
  parsed.set(text, filter);
  return filter;
}

export const isEmpty = ({ tokens, words }: Filter): boolean => tokens.length === 0 && words.length === 0;

export const quoted = (value: string): string => (/\s/.test(value) ? `"${plain(value)}"` : plain(value));

export function textOf({ key, value, not }: Token): string {
  return `${not ? '-' : ''}${key}:${quoted(value)}`;
}

/** Whether a pattern of an open key fits: all of it, in any letters, `*` for anything. */
export function fits(pattern: string): (value: string) => boolean {
  const small = pattern.toLowerCase();
  if (!small.includes('*')) return (value) => value.toLowerCase() === small;
  const parts = small.split('*').map((part) => part.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&'));
  const whole = new RegExp(`^${parts.join('.*')}$`, 's');
  return (value) => whole.test(value.toLowerCase());
}
