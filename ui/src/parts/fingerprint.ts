// Fingerprints of certificates: as people compare them, and compared for them.

/** Groups of four pairs, four in a line where there is room for them, as one compares them by eye. */
export function inGroups(print: string, inLine = 4): string[] {
  const pairs = print.split(':');
  const groups: string[] = [];
  for (let i = 0; i < pairs.length; i += 4) groups.push(pairs.slice(i, i + 4).join(':'));
  const lines: string[] = [];
  for (let i = 0; i < groups.length; i += inLine) lines.push(groups.slice(i, i + inLine).join(' '));
  return lines;
}

/** Compares what was pasted: any case, with or without colons, with other words around it. Null while nothing is there. */
export function sameFingerprint(pasted: string, sent: string): boolean | null {
  if (pasted.trim() === '') return null;
  const pairs = /(?:[0-9a-f]{2}[:\s]*){32}/i.exec(pasted)?.[0] ?? '';
  const digits = (text: string) => text.replace(/[^0-9a-f]/gi, '').toUpperCase();
  return digits(pairs) === digits(sent);
}
