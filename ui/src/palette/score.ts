// How well a text answers what was typed: its beginning before the beginning of a word, that before letters in order. Pure.

const PREFIX = 3000;
const WORD_START = 2000;
const EACH_WORD = 1500;
const SUBSEQUENCE = 1000;
const MOST_LETTERS = 400;

/** Null where it does not answer at all; the larger, the better. `text` and `query` are in lower case. */
export function score(text: string, query: string): number | null {
  if (query === '') return 0;
  const short = Math.max(0, MOST_LETTERS - text.length);
  if (text.startsWith(query)) return PREFIX + short;
  if (startsWord(text, query)) return WORD_START + short;
  const words = query.split(' ').filter(Boolean);
  if (words.length > 1) return words.every((word) => startsWord(text, word)) ? EACH_WORD + short : null;
  const gaps = gapsOf(text, query);
  return gaps === null ? null : SUBSEQUENCE - Math.min(SUBSEQUENCE - 1, gaps);
}

const isWord = (text: string, at: number): boolean => at === 0 || /[\s\-_./:(]/.test(text[at - 1] ?? '');

function startsWord(text: string, query: string): boolean {
  for (let at = text.indexOf(query); at >= 0; at = text.indexOf(query, at + 1)) if (isWord(text, at)) return true;
  return false;
}

/** Letters that lie between those that were typed, when all of them come in order and the first one begins a word. */
function gapsOf(text: string, query: string): number | null {
  let least: number | null = null;
  for (let at = text.indexOf(query[0] ?? ''); at >= 0; at = text.indexOf(query[0] ?? '', at + 1)) {
    const gaps = isWord(text, at) ? gapsFrom(text, query, at) : null;
    if (gaps !== null && (least === null || gaps < least)) least = gaps;
  }
  return least;
}

function gapsFrom(text: string, query: string, start: number): number | null {
  let gaps = 0;
  let from = start;
  for (let i = 0; i < query.length; i += 1) {
    const at = text.indexOf(query[i] ?? '', from);
    if (at < 0) return null;
    if (i > 0) gaps += at - from;
    from = at + 1;
  }
  return gaps;
}

export interface Scored<T> {
  item: T;
  score: number;
}

/** The best ones. Those that were used before come first among those that answer as well. */
export function best<T>(items: Iterable<T>, query: string, most: number, textOf: (item: T) => string, rankOf: (item: T) => number): { found: T[]; more: boolean } {
  const wanted = query.trim().toLowerCase();
  const scored: Scored<T>[] = [];
  for (const item of items) {
    const points = score(textOf(item), wanted);
    if (points !== null) scored.push({ item, score: points + rankOf(item) });
  }
  const found = scored.toSorted((a, b) => b.score - a.score).slice(0, most).map(({ item }) => item);
  return { found, more: scored.length > most };
}
