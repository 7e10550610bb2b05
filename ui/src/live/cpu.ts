// The last twelve loads of each row, for the little bars. Rust sends only the present one.
const KEPT = 12;
const loads = new Map<string, number[]>();

export function rememberLoad(key: string, load: number | null): void {
  if (load === null) {
    loads.delete(key);
    return;
  }
  const kept = loads.get(key) ?? [];
  loads.set(key, [...kept.slice(1 - KEPT), load]);
}

/** Oldest first; empty where nothing is known. The same array as long as nothing came. */
export function loadsOf(key: string): readonly number[] {
  return loads.get(key) ?? NONE;
}

const NONE: readonly number[] = [];
