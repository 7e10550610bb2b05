// Token ids and the lines for the shell of a node that make or delete a token. Pure.

const TOKEN_ID = /^([^\s@!]+@[^\s@!]+)!([^\s@!]+)$/;

export interface TokenParts {
  user: string;
  name: string;
}

/** Null for what is not `user@realm!name`. */
export function partsOf(id: string): TokenParts | null {
  const found = TOKEN_ID.exec(id.trim());
  return found?.[1] === undefined || found[2] === undefined ? null : { user: found[1], name: found[2] };
}

/** The id to propose for the token that follows: `redflag@pve!desktop` gives `…!desktop-2`, that `…!desktop-3`. */
export function nextTokenId(id: string): string {
  const numbered = /^(.*)-(\d{1,4})$/.exec(id);
  return numbered === null ? `${id}-2` : `${numbered[1]}-${Number(numbered[2]) + 1}`;
}

/** A word as the shell takes it for one. */
export function quoted(word: string): string {
  return /^[\w@%+:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}

/** Makes a token with the rights of RedFlag's role. */
export function makingLines({ user, name }: TokenParts): string[] {
  return [`pveum user token add ${quoted(user)} ${quoted(name)} --privsep 1`, `pveum acl modify / --tokens ${quoted(`${user}!${name}`)} --roles RedFlag`];
}

/** Before Proxmox VE 8 the verb was another one. */
export function deletingLine({ user, name }: TokenParts, version: string | null): string {
  const verb = Number.parseInt(version ?? '', 10) < 8 ? 'remove' : 'delete';
  return `pveum user token ${verb} ${quoted(user)} ${quoted(name)}`;
}
