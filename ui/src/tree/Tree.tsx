// The fleet tree: a WAI-ARIA treegrid over virtual rows. Keys and clicks go through the pure reducer in keys.ts.
import { defaultRangeExtractor, useVirtualizer } from '@tanstack/react-virtual';
import { type FocusEvent, type KeyboardEvent, type MouseEvent, useCallback, useEffect, useLayoutEffect, useMemo, useRef } from 'react';
import { letter } from '../actions/letters';
import { openMenu, useMenu } from '../actions/menu';
import { useRowHeight } from '../app/theme';
import { usePreferences } from '../live/preferences';
import { openPanel, usePanel } from '../panel/state';
import { words } from '../words/en';
import { bare } from './bare';
import { GridOf, useChosenGrid } from './columns';
import { hintOf } from './hints';
import { Heads } from './Heads';
import { useKnown } from './known';
import { aim, click, focusIndex, type Outcome, press, settle, type TreeState, type TreeView } from './keys';
import { visitable } from './Frame';
import { TreeRow } from './TreeRow';
import type { FlatRow } from './rows';
import { shownBelow } from './shown';
import { useFlatRows } from './useFlatRows';
import { summon, useMatches, useTreeView } from './view';

export function Tree({ onFilter }: { onFilter: () => void }) {
  const rows = useFlatRows();
  const index = useMemo(() => new Map(rows.map((row, i) => [row.key, i])), [rows]);
  const body = useRef<HTMLDivElement>(null);
  const state = useTreeView();
  const height = useRowHeight();
  const grid = useChosenGrid();
  const hold = useHold();
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
    estimateSize: () => height,
    getItemKey: (i) => rows[i]?.key ?? i,
    overscan: 8,
    rangeExtractor,
  });

  const view: TreeView = {
    rows,
    index,
    page: Math.max(1, Math.floor((virtual.scrollRect?.height ?? 0) / height) - 1),
    cells: (row) => cellsOf(body.current, row, grid.count - 1),
    guestsBelow: shownBelow,
  };

  // Sizes that are measured once are remembered.
  useLayoutEffect(() => virtual.measure(), [virtual, height]);

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
      <GridOf.Provider value={grid}>
      <div
        className={state.ticked.size > 0 ? 'tree ticking' : 'tree'}
        role="treegrid"
        aria-label={words.views.fleet}
        aria-multiselectable
        aria-rowcount={rows.length + 1}
        aria-colcount={grid.count}
        style={grid.style}
        data-region="tree"
        data-testid="tree"
        {...hold}
      >
        <Heads />
        <div ref={body} className="tree-body" role="rowgroup" onKeyDown={onKeyDown} onClick={onClick} onDoubleClick={onDoubleClick} onContextMenu={onContextMenu}>
          <div role="presentation" style={{ height: rows.length * height }}>
            {virtual.getVirtualItems().map((item) => {
              const row = rows[item.index];
              if (row === undefined) return null;
              const focused = item.index === focusAt;
              const ticked = row.kind === 'guest' && state.ticked.has(bare(row.key));
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
                  group={row.group}
                  share={row.share}
                  at={item.index}
                  height={height}
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
      </GridOf.Provider>
      {rows.length === 0 && <Void filter={state.filter.trim()} />}
    </div>
  );
}

/** Nothing is put elsewhere while the focus or the pointer is in the tree, nor while a menu is about one of its rows. */
function useHold() {
  const at = useRef({ focus: false, pointer: false });
  const tell = useCallback((change: Partial<typeof at.current>) => {
    at.current = { ...at.current, ...change };
    const held = at.current.focus || at.current.pointer || useMenu.getState().place !== null;
    if (held !== useTreeView.getState().held) useTreeView.setState({ held });
  }, []);
  useEffect(() => useMenu.subscribe(() => tell({})), [tell]);
  useEffect(() => () => useTreeView.setState({ held: false }), []);
  return {
    onFocus: () => tell({ focus: true }),
    onBlur: (event: FocusEvent<HTMLElement>) => tell({ focus: event.currentTarget.contains(event.relatedTarget) }),
    onPointerEnter: () => tell({ pointer: true }),
    onPointerLeave: () => tell({ pointer: false }),
  };
}

/** Why there is nothing. While a list is on its way, that is said above the tree. */
function Void({ filter }: { filter: string }) {
  const grouping = usePreferences((chosen) => chosen.grouping);
  const matches = useMatches(filter);
  const { updates, images } = useKnown();
  const waits = grouping !== 'hierarchy' && grouping !== 'updateType' && (updates === null || updates.answer === null || (grouping === 'package' && (images === null || images.answer === null)));
  if (matches !== null && matches.guests === 0) {
    const hint = hintOf(filter);
    return <div className="tree-void"><p>{words.fleet.noMatch(filter)}</p>{hint !== null && <p className="small t3">{hint}</p>}</div>;
  }
  if (grouping === 'hierarchy' || waits) return null;
  return <div className="tree-void" data-testid="tree-none"><p>{matches === null ? words.fleetUpdates.none : words.tree.noneShown}</p>{matches === null && <p className="small t3">{words.fleetUpdates.noneText}</p>}</div>;
}

const pick = ({ focus, cell, anchor, ticked, open }: TreeState): TreeState => ({ focus, cell, anchor, ticked, open });

function cellsOf(body: HTMLElement | null, row: FlatRow, all: number): number {
  const element = body?.querySelector<HTMLElement>(`[data-key="${CSS.escape(row.key)}"]`);
  return element === null || element === undefined ? (row.kind === 'leaf' ? 3 : all) : visitable(element).length;
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
