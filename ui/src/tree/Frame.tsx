// The row element of the tree and its first cell, alike for all kinds of rows.
import { clsx } from 'clsx';
import { Box, Boxes, ChevronDown, ChevronRight, Layers, Package, Server } from 'lucide-react';
import { type CSSProperties, type ReactNode, useContext, useLayoutEffect, useRef } from 'react';
import { CALLED_BY, RowId } from './Cell';
import type { Group } from './groups';
import type { FlatRow, Leaf } from './rows';
import type { Share } from './standing';
import { answer, useTreeView } from './view';

export interface RowProps {
  rowKey: string;
  kind: FlatRow['kind'];
  level: number;
  position: number;
  size: number;
  open: boolean | null;
  leaf: Leaf | null;
  group: Group | undefined;
  share: Share | undefined;
  at: number;
  height: number;
  focused: boolean;
  cell: number | null;
  chosen: boolean;
  ticked: boolean;
}

const OPEN = <ChevronDown className="icon" aria-hidden />;
const CLOSED = <ChevronRight className="icon" aria-hidden />;
export const ICONS: Record<FlatRow['kind'], ReactNode> = {
  cluster: <Boxes className="icon small" aria-hidden />,
  group: <Layers className="icon small" aria-hidden />,
  node: <Server className="icon small" aria-hidden />,
  guest: <Box className="icon small" aria-hidden />,
  leaf: <Package className="icon small" aria-hidden />,
};

/** The row element: place, roles, and the page's focus when it is summoned. */
export function Frame({ children, old, name, vmid, ...row }: RowProps & { children: ReactNode; old?: boolean; name?: string; vmid?: number }) {
  const element = useRef<HTMLDivElement>(null);
  const summons = useTreeView((view) => (row.focused ? view.summons : 0));
  const { focused, cell } = row;
  useLayoutEffect(() => {
    const body = element.current;
    if (!focused || body === null || !answer(summons)) return;
    const cells = visitable(body);
    for (const one of cells) one.tabIndex = -1;
    (cell === null ? body : (cells[cell] ?? body)).focus({ preventScroll: true });
  }, [focused, cell, summons]);
  // Ids may hold no spaces.
  const id = row.rowKey.replaceAll(' ', '_');
  const style = { transform: `translateY(${row.at * row.height}px)`, '--level': row.level - 1 } as CSSProperties;
  return (
    <div
      ref={element}
      role="row"
      className={clsx('row', row.kind, row.chosen && 'chosen', old === true && 'old')}
      style={style}
      aria-level={row.level}
      aria-posinset={row.position}
      aria-setsize={row.size}
      aria-rowindex={row.at + 2}
      aria-expanded={row.open ?? undefined}
      aria-selected={row.kind === 'leaf' ? undefined : row.chosen}
      tabIndex={focused ? 0 : -1}
      aria-labelledby={CALLED_BY.map((column) => `${id}|${column}`).join(' ')}
      data-key={row.rowKey}
      data-testid={`row-${row.rowKey}`}
      data-name={name}
      data-vmid={vmid}
    >
      <RowId value={id}>{children}</RowId>
    </div>
  );
}

/** The cells of a row that are on the screen, in order. Columns that the width hides are passed over. */
export function visitable(row: HTMLElement): HTMLElement[] {
  return [...row.querySelectorAll<HTMLElement>(':scope > [data-cell]')].filter((cell) => getComputedStyle(cell).display !== 'none');
}

export function Name({ row, icon, children }: { row: RowProps; icon?: ReactNode; children: ReactNode }) {
  return (
    <span className="name" role="rowheader" data-cell id={`${useContext(RowId)}|name`} aria-colindex={2}>
      <span className="twist" data-twist={row.open === null ? undefined : ''}>{row.open === null ? null : row.open ? OPEN : CLOSED}</span>
      {icon ?? ICONS[row.kind]}
      {children}
    </span>
  );
}
