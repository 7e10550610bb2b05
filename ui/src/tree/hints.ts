// What is said of a filter that is not quite one: values that do not exist, and keys.
import { words } from '../words/en';
import { CLOSED, type Filter, isClosed, parse, type Token } from './filter';

const text = words.tree.filter;

export const wrongHint = ({ key, value }: Token): string | null => (isClosed(key) ? text.wrong(key, value, CLOSED[key]) : null);

export function hintsOf({ wrong, strange }: Filter): string[] {
  return [...wrong.flatMap((token) => wrongHint(token) ?? []), ...strange.map(text.strange)];
}

export const hintOf = (filter: string): string | null => hintsOf(parse(filter))[0] ?? null;
