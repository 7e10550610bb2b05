// The heads of the tree's columns.
import { memo } from 'react';
import type { Column } from '../bindings/Column';
import { words } from '../words/en';
import { Head } from './Cell';
import { useGrid } from './columns';

const heads = words.fleet.columns;
export const HEADS: Record<Column, string> = { state: heads.state, updates: heads.updates, images: heads.images, agent: heads.agent, address: heads.address, uptime: heads.uptime, cpu: heads.cpu, memory: heads.ram, checked: heads.checked };

export const Heads = memo(function Heads() {
  const { columns } = useGrid();
  return (
    <div role="rowgroup">
      <div className="row heads" role="row" aria-rowindex={1}>
        <span className="tick-cell" role="columnheader" aria-colindex={1}><span className="unseen">{heads.tick}</span></span>
        <span className="name" role="columnheader" aria-colindex={2}>{heads.name}</span>
        {columns.map((column) => <Head key={column} column={column}>{HEADS[column]}</Head>)}
      </div>
    </div>
  );
});
