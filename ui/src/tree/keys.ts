// What keys and clicks do to the tree: focus, ticks, open rows. Pure; the tree only draws the outcome.
import { bare } from './bare';
import type { FlatRow } from './rows';

export interface TreeState {
  /** The row with tabindex 0; null before the first touch. */
  focus: string | null;
  /** The focused cell of that row, null while the row itself has the focus. */
  cell: number | null;
  /** Where a range began. */
  anchor: string | null;
  /** Ticked guests. */
  ticked: ReadonlySet<string>;
  open: ReadonlySet<string>;
}

export const START: TreeState = { focus: null, cell: null, anchor: null, ticked: new Set(), open: new Set() };

/** What is on the screen. */
export interface TreeView {
  rows: readonly FlatRow[];
  index: ReadonlyMap<string, number>;
  /** Rows of one screen. */
  page: number;
  /** Cells that can be visited in a row. */
  cells(row: FlatRow): number;
  /** All shown guests below a row, also those of closed rows. */
  guestsBelow(key: string): readonly string[];
}

export interface Press {
  key: string;
  shift: boolean;
  ctrl: boolean;
}

/** What the tree asks of its surroundings after a key. */
export type Wish = 'details' | 'menu' | 'filter' | 'escape';

export interface Outcome {
  state: TreeState;
  wish?: Wish;
  /** The key was understood, so the page must not act on it too. */
  taken: boolean;
}

const same = (state: TreeState): Outcome => ({ state, taken: true });

export function press(state: TreeState, key: Press, view: TreeView): Outcome {
  const at = focusIndex(state, view);
  const row = view.rows[at];
  if (row === undefined) return key.key === '/' ? { state, wish: 'filter', taken: true } : { state, taken: false };
  const inCells = state.cell !== null;
  switch (key.key) {
    case 'ArrowUp':
      return same(key.shift ? extend(state, view, at, at - 1) : moveTo(state, view, at - 1));
    case 'ArrowDown':
      return same(key.shift ? extend(state, view, at, at + 1) : moveTo(state, view, at + 1));
    case 'ArrowRight':
      return same(right(state, view, row, at));
    case 'ArrowLeft':
      return same(left(state, view, row));
    case 'Home':
      return same(inCells && !key.ctrl ? { ...state, cell: 0 } : moveTo(state, view, 0));
    case 'End':
      return same(inCells && !key.ctrl ? { ...state, cell: view.cells(row) - 1 } : moveTo(state, view, view.rows.length - 1));
    case 'PageUp':
      return same(moveTo(state, view, at - view.page));
    case 'PageDown':
      return same(moveTo(state, view, at + view.page));
    case ' ':
      return same(tick(state, view, row));
    case 'a':
    case 'A':
      return key.ctrl ? same(tickAll(state, view)) : { state, taken: false };
    case '*':
      return same(openLevel(state, view, row));
    case 'Enter':
      return { state: { ...state, focus: row.key }, wish: 'details', taken: true };
    case 'ContextMenu':
      return { state: { ...state, focus: row.key }, wish: 'menu', taken: true };
    case 'F10':
      return key.shift ? { state: { ...state, focus: row.key }, wish: 'menu', taken: true } : { state, taken: false };
    case '/':
      return { state, wish: 'filter', taken: true };
    case 'Escape':
      if (inCells) return same({ ...state, cell: null });
      return state.ticked.size > 0 ? same({ ...state, ticked: new Set(), anchor: null }) : { state, wish: 'escape', taken: true };
    default:
      return { state, taken: false };
  }
}

export interface Click extends Pick<Press, 'shift' | 'ctrl'> {
  /** What was hit. */
  on: 'row' | 'twist' | 'tick';
}

export function click(state: TreeState, key: string, how: Click, view: TreeView): Outcome {
  const at = view.index.get(key);
  const row = at === undefined ? undefined : view.rows[at];
  if (row === undefined || at === undefined) return { state, taken: false };
  const here = { ...state, focus: key, cell: null };
  if (how.on === 'twist') return same(toggle(here, view, row));
  if (how.shift) return same(range(here, view, at));
  if (how.on === 'tick' || how.ctrl) return same({ ...tick(here, view, row), anchor: key });
  return { state: { ...here, ticked: new Set(), anchor: key }, wish: 'details', taken: true };
}

/** Opening a menu by the pointer: on a ticked row it is about all ticked ones, elsewhere about that row alone. */
export function aim(state: TreeState, key: string): TreeState {
  return { ...state, focus: key, cell: null, ...(state.ticked.has(bare(key)) ? {} : { ticked: new Set<string>(), anchor: key }) };
}

export function focusIndex(state: TreeState, view: Pick<TreeView, 'index'>): number {
  return (state.focus === null ? undefined : view.index.get(state.focus)) ?? 0;
}

function moveTo(state: TreeState, view: TreeView, to: number): TreeState {
  const row = view.rows[Math.max(0, Math.min(view.rows.length - 1, to))];
  if (row === undefined) return state;
  const cell = state.cell === null ? null : Math.min(state.cell, view.cells(row) - 1);
  return { ...state, focus: row.key, cell, anchor: row.key };
}

function right(state: TreeState, view: TreeView, row: FlatRow, at: number): TreeState {
  if (state.cell !== null) return { ...state, cell: Math.min(state.cell + 1, view.cells(row) - 1) };
  if (row.open === false) return toggle({ ...state, focus: row.key }, view, row);
  const child = view.rows[at + 1];
  if (row.open === true && child?.parent === row.key) return moveTo(state, view, at + 1);
  return { ...state, focus: row.key, cell: 0 };
}

function left(state: TreeState, view: TreeView, row: FlatRow): TreeState {
  if (state.cell !== null) return { ...state, cell: state.cell === 0 ? null : state.cell - 1 };
  if (row.open === true) return toggle({ ...state, focus: row.key }, view, row);
  const parent = row.parent === null ? undefined : view.index.get(row.parent);
  return parent === undefined ? { ...state, focus: row.key } : moveTo(state, view, parent);
}

function toggle(state: TreeState, view: TreeView, row: FlatRow): TreeState {
  if (row.open === null) return state;
  const open = new Set(state.open);
  if (!row.open) {
    open.add(row.key);
    return { ...state, open };
  }
  open.delete(row.key);
  // The focus never stays on a row that is gone.
  const inside = state.focus !== null && isBelow(state.focus, row.key, view);
  return { ...state, open, ...(inside ? { focus: row.key, cell: null } : {}) };
}

function isBelow(key: string, above: string, view: TreeView): boolean {
  for (let at = view.index.get(key); at !== undefined; ) {
    const parent: string | null = view.rows[at]?.parent ?? null;
    if (parent === above) return true;
    at = parent === null ? undefined : view.index.get(parent);
  }
  return false;
}

function openLevel(state: TreeState, view: TreeView, row: FlatRow): TreeState {
  const open = new Set(state.open);
  for (const other of view.rows) {
    if (other.parent === row.parent && other.open === false) open.add(other.key);
  }
  return { ...state, focus: row.key, open };
}

/** A guest is ticked; a cluster or node ticks the shown guests below it, or clears them when all are ticked. */
function tick(state: TreeState, view: TreeView, row: FlatRow): TreeState {
  const guests = row.kind === 'leaf' ? [] : view.guestsBelow(row.key);
  if (guests.length === 0) return { ...state, focus: row.key };
  const ticked = new Set(state.ticked);
  const all = guests.every((guest) => ticked.has(guest));
  for (const guest of guests) {
    if (all) ticked.delete(guest);
    else ticked.add(guest);
  }
  return { ...state, focus: row.key, anchor: row.key, ticked };
}

function tickAll(state: TreeState, view: TreeView): TreeState {
  return { ...state, ticked: new Set(view.rows.filter((row) => row.level === 1).flatMap((row) => view.guestsBelow(row.key))) };
}

function extend(state: TreeState, view: TreeView, from: number, to: number): TreeState {
  const anchor = state.anchor ?? view.rows[from]?.key ?? null;
  const moved = moveTo(state, view, to);
  return { ...range({ ...moved, anchor }, view, view.index.get(moved.focus ?? '') ?? from), anchor };
}

/** Ticks the guests between the anchor and here, and no others. */
function range(state: TreeState, view: TreeView, to: number): TreeState {
  const from = (state.anchor === null ? undefined : view.index.get(state.anchor)) ?? to;
  const [first, last] = from < to ? [from, to] : [to, from];
  const guests = view.rows.slice(first, last + 1).filter((row) => row.kind === 'guest');
  const anchor = state.anchor ?? view.rows[to]?.key ?? null;
  return { ...state, anchor, ticked: new Set(guests.map((row) => bare(row.key))) };
}

/** After rows came or went: nothing hidden or gone may stay ticked or focused. */
export function settle(state: TreeState, present: (guest: string) => boolean, index: ReadonlyMap<string, number>): TreeState {
  const gone = [...state.ticked].filter((key) => !present(key));
  const lost = state.focus !== null && !index.has(state.focus);
  if (gone.length === 0 && !lost) return state;
  const ticked = gone.length === 0 ? state.ticked : new Set([...state.ticked].filter(present));
  return { ...state, ticked, ...(lost ? { focus: null, cell: null, anchor: null } : {}) };
}
