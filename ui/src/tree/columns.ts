// Which columns the tree has, and the one place where its grid is made of them.
import { createContext, useContext } from 'react';
import type { Column } from '../bindings/Column';
import { usePreferences } from '../live/preferences';

export const COLUMNS: readonly Column[] = ['state', 'updates', 'images', 'agent', 'address', 'uptime', 'cpu', 'memory', 'checked'];
/** Tick box and name stand before them, and are always there. */
const FIXED = 2;
/** Those that leave with the width, as tree.css has it. */
const MIDDLE: ReadonlySet<Column> = new Set(['uptime']);
const NARROW: ReadonlySet<Column> = new Set(['uptime', 'address', 'cpu', 'memory']);

export const shownColumns = (hidden: readonly Column[]): readonly Column[] => COLUMNS.filter((column) => !hidden.includes(column));

export interface Grid {
  columns: readonly Column[];
  /** From 1, as readers count them. */
  at: ReadonlyMap<Column, number>;
  count: number;
  style: React.CSSProperties;
}

/** A leaf's last cell lies over the last few columns, its second one over those between. */
const tail = (columns: readonly Column[], most: number): number => -1 - Math.max(1, Math.min(most, columns.length - 1));

export function gridOf(hidden: readonly Column[]): Grid {
  const columns = shownColumns(hidden);
  const middle = columns.filter((column) => !MIDDLE.has(column));
  const narrow = columns.filter((column) => !NARROW.has(column));
  return {
    columns,
    at: new Map(columns.map((column, i) => [column, i + FIXED + 1])),
    count: columns.length + FIXED,
    style: {
      '--cols': `28px var(--c-name) ${columns.map((column) => `var(--c-${column})`).join(' ')}`,
      '--tail': tail(columns, 4), '--tail-middle': tail(middle, 3), '--tail-narrow': tail(narrow, 1),
    } as React.CSSProperties,
  };
}

export const GridOf = createContext<Grid>(gridOf([]));
export const useGrid = (): Grid => useContext(GridOf);

const made = new WeakMap<readonly Column[], Grid>();

/** The same grid for the same choice: every row looks at it. */
export function useChosenGrid(): Grid {
  const hidden = usePreferences((chosen) => chosen.hidden);
  const grid = made.get(hidden) ?? gridOf(hidden);
  made.set(hidden, grid);
  return grid;
}
