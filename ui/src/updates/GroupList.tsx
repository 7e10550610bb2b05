// The list of source packages: one row each, its LXCs below it when it is open. Only what is on the screen is drawn.
import type { UpdateGroup } from '../bindings/UpdateGroup';
import type { Row } from './groups';
import { GroupRow, SectionRow, UpdateRow } from './GroupRows';
import { useRows } from './useRows';
import { words } from '../words/en';

const text = words.fleetUpdates;

interface Props {
  rows: readonly Row[];
  /** What the search shows, and everything. */
  found: readonly UpdateGroup[];
  all: readonly UpdateGroup[];
  onToggle: (key: string) => void;
}

export function GroupList({ rows, found, all, onToggle }: Props) {
  const { body, height, items } = useRows(rows.length, (at) => rows[at]?.key ?? String(at));
  return (
    <div className="update-list" role="table" aria-label={text.title} aria-rowcount={rows.length + 1}>
      <div role="rowgroup">
        <div className="line-row head" role="row" aria-rowindex={1}>
          {(['source', 'version', 'severity', 'lxcs', 'approved', 'origin', 'more'] as const).map((column) => (
            <span key={column} role="columnheader" className={column === 'lxcs' ? 'num' : undefined}>{column === 'more' ? <span className="unseen">{text.columns.more}</span> : text.columns[column]}</span>
          ))}
        </div>
      </div>
      <div ref={body} className="update-body scrolls" role="rowgroup" data-testid="updates-list">
        <div role="presentation" style={{ height, position: 'relative' }}>
          {items.map(({ index, top }) => {
            const row = rows[index];
            if (row === undefined) return null;
            switch (row.kind) {
              case 'section':
                return <SectionRow key={row.key} row={row} top={top} at={index} found={found} all={all} />;
              case 'group':
                return <GroupRow key={row.key} row={row} top={top} at={index} onToggle={onToggle} />;
              case 'update':
                return <UpdateRow key={row.key} row={row} top={top} at={index} />;
            }
            return null;
          })}
        </div>
      </div>
    </div>
  );
}
