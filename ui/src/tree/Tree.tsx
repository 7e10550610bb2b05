// The fleet tree: a WAI-ARIA treegrid over virtual rows. Keys and clicks go through the pure reducer in keys.ts.
import { defaultRangeExtractor, useVirtualizer } from '@tanstack/react-virtual';
import { type KeyboardEvent, type MouseEvent, useCallback, useLayoutEffect, useMemo, useRef } from 'react';
import { letter } from '../actions/letters';
import { openMenu } from '../actions/menu';
import { openPanel, usePanel } from '../panel/state';
import { words } from '../words/en';
import { Heads } from './Heads';
import { aim, click, focusIndex, type Outcome, press, settle, type TreeState, type TreeView } from './keys';
import { TreeRow, visitable } from './TreeRow';
import type { FlatRow } from './rows';
import { useFlatRows } from './useFlatRows';
import { shownBelow, summon, useTreeView } from './view';

const ROW = 28;
const COLUMNS = 11;

export function Tree({ onFilter }: { onFilter: () => void }) {
  const rows = useFlatRows();
  const index = useMemo(() => new Map(rows.map((row, i) => [row.key, i])), [rows]);
  const body = useRef<HTMLDivElement>(null);
  const state = useTreeView();
  const panel = usePanel((panel) => panel.open);
  const focusAt = focusIndex(state, { index });

  // The focused row is always among the drawn ones, so that the page's focus never falls off.
  const rangeExtractor = useCallback(
    (range: Parameters<typeof defaultRangeExtractor>[0]) => {
      const drawn = defaultRangeExtractor(range);
      return focusAt >= range.count || drawn.includes(focusAt) ? drawn : [...drawn, focusAt].toSorted((a, b) => a - b);
    },
    [focusAt],
  );
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => body.current,
    estimateSize: () => ROW,
    getItemKey: (i) => rows[i]?.key ?? i,
    overscan: 8,
    rangeExtractor,
  });

  const view: TreeView = {
    rows,
    index,
    page: Math.max(1, Math.floor((virtual.scrollRect?.height ?? 0) / ROW) - 1),
    cells: (row) => cellsOf(body.current, row),
    guestsBelow: shownBelow,
  };

  useLayoutEffect(() => {
    const before = useTreeView.getState();
    const settled = settle(before, (guest) => shownBelow(guest).length > 0, index);
    if (settled === before) return;
    useTreeView.setState(settled);
    // The focused row is gone, and with it the page's focus: the tree keeps it.
    if (settled.focus !== before.focus && document.activeElement === document.body) summon();
  }, [index]);

  function show(outcome: Outcome): void {
    useTreeView.setState(outcome.state);
    const at = focusIndex(outcome.state, view);
    virtual.scrollToIndex(at, { align: 'auto' });
    summon();
  }

  function onKeyDown(event: KeyboardEvent): void {
    if (event.altKey || event.metaKey) return;
    const key = { key: event.key, shift: event.shiftKey, ctrl: event.ctrlKey };
    const outcome = press(pick(useTreeView.getState()), key, view);
    if (!outcome.taken) {
      if (letter(event)) event.preventDefault();
      return;
    }
    event.preventDefault();
    event.stopPropagation();
    if (outcome.wish === 'filter') return onFilter();
    if (outcome.wish === 'escape') return escape(onFilter);
    show(outcome);
    if (outcome.wish === 'details') openPanel(true);
    if (outcome.wish === 'menu') menuAtFocus(body.current);
  }

  function onClick(event: MouseEvent): void {
    const hit = (event.target as Element).closest<HTMLElement>('[data-key]');
    const key = hit?.dataset['key'];
    if (key === undefined) return;
    const target = event.target as Element;
    const on = target.closest('[data-twist]') !== null ? 'twist' : target.closest('[data-tick]') !== null ? 'tick' : 'row';
    const outcome = click(pick(useTreeView.getState()), key, { on, shift: event.shiftKey, ctrl: event.ctrlKey || event.metaKey }, view);
    show(outcome);
    if (outcome.wish === 'details') openPanel(true);
  }

  function onDoubleClick(event: MouseEvent): void {
    const target = event.target as Element;
    const key = target.closest<HTMLElement>('[data-key]')?.dataset['key'];
    if (key === undefined || target.closest('[data-twist], [data-tick]') !== null) return;
    show(click(pick(useTreeView.getState()), key, { on: 'twist', shift: false, ctrl: false }, view));
  }

  function onContextMenu(event: MouseEvent): void {
    const key = (event.target as Element).closest<HTMLElement>('[data-key]')?.dataset['key'];
    if (key === undefined) return;
    event.preventDefault();
    show({ state: aim(pick(useTreeView.getState()), key), taken: true });
    openMenu({ x: event.clientX, y: event.clientY });
  }

  return (
    <div className="tree-area">
      <div
        className={state.ticked.size > 0 ? 'tree ticking' : 'tree'}
        role="treegrid"
        aria-label={words.views.fleet}
        aria-multiselectable
        aria-rowcount={rows.length + 1}
        aria-colcount={COLUMNS}
        data-region="tree"
        data-testid="tree"
      >
        <Heads />
        <div ref={body} className="tree-body" role="rowgroup" onKeyDown={onKeyDown} onClick={onClick} onDoubleClick={onDoubleClick} onContextMenu={onContextMenu}>
          <div role="presentation" style={{ height: rows.length * ROW }}>
            {virtual.getVirtualItems().map((item) => {
              const row = rows[item.index];
              if (row === undefined) return null;
              const focused = item.index === focusAt;
              const ticked = state.ticked.has(row.key);
              const chosen = state.ticked.size > 0 ? ticked : panel && focused && state.focus !== null;
              return (
                <TreeRow
                  key={row.key}
                  rowKey={row.key}
                  kind={row.kind}
                  level={row.level}
                  position={row.position}
                  size={row.size}
                  open={row.open}
                  leaf={row.leaf}
                  at={item.index}
                  height={ROW}
                  focused={focused}
                  cell={focused ? state.cell : null}
                  chosen={chosen}
                  ticked={ticked}
                />
              );
            })}
          </div>
        </div>
      </div>
      {rows.length === 0 && state.filter.trim() !== '' && <p className="tree-void">{words.fleet.noMatch(state.filter.trim())}</p>}
    </div>
  );
}

const pick = ({ focus, cell, anchor, ticked, open }: TreeState): TreeState => ({ focus, cell, anchor, ticked, open });

function cellsOf(body: HTMLElement | null, row: FlatRow): number {
  const element = body?.querySelector<HTMLElement>(`[data-key="${CSS.escape(row.key)}"]`);
  return element === null || element === undefined ? (row.kind === 'leaf' ? 3 : COLUMNS - 1) : visitable(element).length;
}

function menuAtFocus(body: HTMLElement | null): void {
  // After the focus has moved to the row that the menu is about.
  requestAnimationFrame(() => {
    const row = body?.querySelector('[role="row"][tabindex="0"]');
    const box = row?.getBoundingClientRect();
    if (box !== undefined) openMenu({ x: box.left + 96, y: box.bottom });
  });
}

/** With nothing ticked, Escape closes the panel, then clears the filter. */
function escape(onFilter: () => void): void {
  if (usePanel.getState().open) openPanel(false);
  else if (useTreeView.getState().filter !== '') {
    useTreeView.setState({ filter: '' });
    onFilter();
  }
}
