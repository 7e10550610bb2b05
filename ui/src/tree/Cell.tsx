// A cell of one column; nothing where that column is hidden.
import { clsx } from 'clsx';
import { createContext, type ReactNode, useContext } from 'react';
import type { Column } from '../bindings/Column';
import { useGrid } from './columns';

/** What the column itself asks of its cells. `wide` ones leave when the tree is narrow. */
const CLASSES: Record<Column, string> = {
  state: '', updates: 'updates', images: 'images', agent: 'agent', address: 'wide', uptime: 'wide right uptime', cpu: 'wide', memory: 'wide', checked: 'right',
};

/** The id under which a row's cells are known, so that the row can be called by them. */
export const RowId = createContext('');

/** The cells that a row is called by: engines give rows no name of their own. */
export const CALLED_BY = ['name', 'state', 'updates'] as const;

export function Cell({ column, className, title, children }: { column: Column; className?: string; title?: string | undefined; children?: ReactNode }) {
  const at = useGrid().at.get(column);
  const row = useContext(RowId);
  if (at === undefined) return null;
  const id = column === 'state' || column === 'updates' ? `${row}|${column}` : undefined;
  return <span role="gridcell" data-cell id={id} className={clsx(CLASSES[column], className)} aria-colindex={at} title={title}>{children}</span>;
}

export function Head({ column, children }: { column: Column; children: ReactNode }) {
  const at = useGrid().at.get(column);
  if (at === undefined) return null;
  const right = column === 'images' || column === 'checked';
  return <span role="columnheader" className={clsx(CLASSES[column].replace('updates', '').replace('images', ''), right && 'right')} aria-colindex={at}>{children}</span>;
}
