// Keys of rows inside groups: `group:high/guest:ID`. An LXC may stand in several groups, and is one LXC. Pure.
const GROUP = 'group:';

/** The group in which a row stands, or which it is. */
export function groupKeyOf(key: string): string | null {
  if (!key.startsWith(GROUP)) return null;
  const at = key.indexOf('/');
  return at === -1 ? key : key.slice(0, at);
}

/** What a row is about, wherever it stands. */
export function bare(key: string): string {
  const at = key.startsWith(GROUP) ? key.indexOf('/') : -1;
  return at === -1 ? key : key.slice(at + 1);
}

export const within = (group: string, key: string): string => `${group}/${key}`;
