// Which columns the tree shows.
import { Menu } from '@base-ui/react/menu';
import { Columns3 } from 'lucide-react';
import type { Column } from '../bindings/Column';
import { prefer, usePreferences } from '../live/preferences';
import { TickPicture } from '../parts/Tick';
import { words } from '../words/en';
import { COLUMNS, shownColumns } from './columns';
import { HEADS } from './Heads';

const text = words.tree;

export function ColumnMenu() {
  const hidden = usePreferences((chosen) => chosen.hidden);
  const shown = shownColumns(hidden);
  const show = (column: Column, on: boolean) => void prefer((now) => ({ hidden: COLUMNS.filter((one) => (one === column ? !on : now.hidden.includes(one))) }));
  return (
    <Menu.Root modal={false}>
      <Menu.Trigger className="button ghost square compact" aria-label={text.columns} title={text.columns} data-testid="columns"><Columns3 className="icon" aria-hidden /></Menu.Trigger>
      <Menu.Portal>
        <Menu.Positioner className="menu-place" align="end" side="bottom" sideOffset={4} positionMethod="fixed">
          <Menu.Popup className="menu column-menu" aria-label={text.columnsTitle} data-testid="column-menu">
            {COLUMNS.map((column) => {
              const on = shown.includes(column);
              const last = on && shown.length === 1;
              return (
                <Menu.CheckboxItem key={column} className="menu-item" checked={on} disabled={last} closeOnClick={false} onCheckedChange={(checked) => show(column, checked)} data-testid={`column-${column}`}>
                  <TickPicture on={on} />
                  <span>{HEADS[column]}</span>
                  {last && <span className="why">{text.lastColumn}</span>}
                </Menu.CheckboxItem>
              );
            })}
          </Menu.Popup>
        </Menu.Positioner>
      </Menu.Portal>
    </Menu.Root>
  );
}
