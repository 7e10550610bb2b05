// What keys and clicks do to the tree, without a page.
import { describe, expect, it } from 'vitest';
import { aim, click, press, settle, START, type TreeState, type TreeView } from '../src/tree/keys';
import type { FlatRow, RowKind } from '../src/tree/rows';

function row(key: string, kind: RowKind, parent: string | null, open: boolean | null): FlatRow {
  return { key, kind, level: { cluster: 1, node: 2, group: 1, guest: 3, leaf: 4 }[kind], parent, position: 1, size: 1, open, leaf: null };
}

/** c > n > a (open, with leaf p), b, d; n2 closed with e, f. */
const ROWS = [
  row('c', 'cluster', null, true), row('n', 'node', 'c', true), row('a', 'guest', 'n', true), row('p', 'leaf', 'a', null),
  row('b', 'guest', 'n', false), row('d', 'guest', 'n', null), row('n2', 'node', 'c', false),
];
const BELOW: Record<string, string[]> = { c: ['a', 'b', 'd', 'e', 'f'], n: ['a', 'b', 'd'], n2: ['e', 'f'], a: ['a'], b: ['b'], d: ['d'] };
const view = (rows: FlatRow[] = ROWS): TreeView => ({
  rows, index: new Map(rows.map((row, i) => [row.key, i])), page: 3, cells: (row) => (row.kind === 'leaf' ? 3 : 9), guestsBelow: (key) => BELOW[key] ?? [],
});
const at = (focus: string, part: Partial<TreeState> = {}): TreeState => ({ ...START, focus, open: new Set(['c', 'n', 'a']), ...part });
const key = (state: TreeState, name: string, mods: { shift?: boolean; ctrl?: boolean } = {}) => press(state, { key: name, shift: false, ctrl: false, ...mods }, view());
const after = (state: TreeState, ...names: string[]) => names.reduce((state, name) => key(state, name).state, state);

describe('moving', () => {
  it('goes to the previous and next row and stops at the ends', () => {
    expect(after(at('n'), 'ArrowDown').focus).toBe('a');
    expect(after(at('n'), 'ArrowUp').focus).toBe('c');
    expect(after(at('c'), 'ArrowUp').focus).toBe('c');
    expect(after(at('n2'), 'ArrowDown').focus).toBe('n2');
  });

  it('goes to the first and last row, and by screens', () => {
    expect(after(at('b'), 'Home').focus).toBe('c');
    expect(after(at('b'), 'End').focus).toBe('n2');
    expect(after(at('c'), 'PageDown').focus).toBe('p');
    expect(after(at('b'), 'PageUp').focus).toBe('n');
  });

  it('begins at the first row when nothing has had the focus', () => {
    expect(key(START, 'ArrowDown').state.focus).toBe('n');
  });
});

describe('opening', () => {
  it('Right opens a closed row, then goes to its first child, then into the cells', () => {
    const opened = key(at('b'), 'ArrowRight').state;
    expect(opened.open.has('b')).toBe(true);
    expect(after(at('a'), 'ArrowRight').focus).toBe('p');
    expect(after(at('d'), 'ArrowRight')).toMatchObject({ focus: 'd', cell: 0 });
  });

  it('Left closes an open row, and goes to the parent of a closed one', () => {
    expect(key(at('a'), 'ArrowLeft').state.open.has('a')).toBe(false);
    expect(after(at('b'), 'ArrowLeft').focus).toBe('n');
    expect(after(at('p'), 'ArrowLeft').focus).toBe('a');
  });

  it('never leaves the focus inside a row that was closed', () => {
    const outcome = click(at('p'), 'n', { on: 'twist', shift: false, ctrl: false }, view());
    expect(outcome.state.focus).toBe('n');
    const far = click(at('p'), 'c', { on: 'twist', shift: false, ctrl: false }, view());
    expect(far.state).toMatchObject({ focus: 'c' });
  });

  it('* opens all closed rows of the same parent', () => {
    expect([...key(at('b'), '*').state.open].toSorted()).toEqual(['a', 'b', 'c', 'n']);
    expect(key(at('n'), '*').state.open.has('n2')).toBe(true);
  });
});

describe('cells', () => {
  it('move left and right, and left of the first is the row again', () => {
    const inside = after(at('d'), 'ArrowRight', 'ArrowRight', 'ArrowRight');
    expect(inside.cell).toBe(2);
    expect(after(inside, 'ArrowLeft', 'ArrowLeft', 'ArrowLeft').cell).toBeNull();
    expect(after(inside, 'End').cell).toBe(8);
    expect(after(inside, 'Home').cell).toBe(0);
    expect(key(inside, 'End', { ctrl: true }).state.focus).toBe('n2');
  });

  it('keep the column on the way up and down, as far as the row has it', () => {
    const inside = after(at('b', { cell: 7 }), 'ArrowUp');
    expect(inside).toMatchObject({ focus: 'p', cell: 2 });
    expect(after(at('b', { cell: 7 }), 'Escape').cell).toBeNull();
  });
});

describe('ticking', () => {
  it('Space ticks a guest and all shown guests of a node', () => {
    expect([...key(at('b'), ' ').state.ticked]).toEqual(['b']);
    const all = key(at('n2'), ' ').state;
    expect([...all.ticked]).toEqual(['e', 'f']);
    expect(key(all, ' ').state.ticked.size).toBe(0);
    expect(key(at('p'), ' ').state.ticked.size).toBe(0);
  });

  it('Shift with the arrows extends from where it began, and shrinks again', () => {
    const down = [1, 2, 3].reduce((state) => key(state, 'ArrowDown', { shift: true }).state, at('a'));
    expect([...down.ticked]).toEqual(['a', 'b', 'd']);
    expect([...key(down, 'ArrowUp', { shift: true }).state.ticked]).toEqual(['a', 'b']);
  });

  it('Ctrl A ticks every shown guest, Escape clears, and a second Escape is passed on', () => {
    const all = key(at('c'), 'a', { ctrl: true }).state;
    expect(all.ticked.size).toBe(5);
    const cleared = key(all, 'Escape');
    expect(cleared.state.ticked.size).toBe(0);
    expect(cleared.wish).toBeUndefined();
    expect(key(cleared.state, 'Escape').wish).toBe('escape');
  });

  it('a plain click shows details and clears ticks; Ctrl and Shift keep them', () => {
    const hit = (state: TreeState, name: string, how: { shift?: boolean; ctrl?: boolean }) => click(state, name, { on: 'row', shift: false, ctrl: false, ...how }, view());
    const one = hit(at('a'), 'a', { ctrl: true }).state;
    const two = hit(one, 'd', { ctrl: true }).state;
    expect([...two.ticked]).toEqual(['a', 'd']);
    expect([...hit(hit(START, 'a', {}).state, 'd', { shift: true }).state.ticked]).toEqual(['a', 'b', 'd']);
    const plain = hit(two, 'b', {});
    expect(plain.state.ticked.size).toBe(0);
    expect(plain.wish).toBe('details');
  });

  it('a menu is about all ticked rows on one of them, about one row elsewhere', () => {
    const state = at('a', { ticked: new Set(['a', 'b']) });
    expect(aim(state, 'b').ticked.size).toBe(2);
    expect(aim(state, 'd').ticked.size).toBe(0);
  });
});

describe('what is gone', () => {
  it('is neither ticked nor focused any more', () => {
    const state = at('b', { ticked: new Set(['a', 'x']) });
    const settled = settle(state, (guest) => guest !== 'x', new Map([['a', 0]]));
    expect([...settled.ticked]).toEqual(['a']);
    expect(settled.focus).toBeNull();
  });

  it('and nothing changes when nothing went', () => {
    const state = at('b', { ticked: new Set(['a']) });
    expect(settle(state, () => true, view().index)).toBe(state);
  });
});

it('wishes: menu, filter, details; letters are left to the actions', () => {
  expect(key(at('b'), 'ContextMenu').wish).toBe('menu');
  expect(key(at('b'), 'F10', { shift: true }).wish).toBe('menu');
  expect(key(at('b'), '/').wish).toBe('filter');
  expect(key(at('b'), 'Enter').wish).toBe('details');
  expect(key(at('b'), 's').taken).toBe(false);
});
