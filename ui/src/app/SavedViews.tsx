// The saved filters in the side bar, each with the number of LXCs that it shows now. Nothing is drawn before the first.
import { Bookmark, ChevronDown, ChevronUp, PencilLine, Trash2 } from 'lucide-react';
import { type KeyboardEvent, useEffect, useState } from 'react';
import { type Entry, openEntries } from '../actions/menu';
import type { SavedView } from '../bindings/SavedView';
import { usePreferences } from '../live/preferences';
import { useLive } from '../live/store';
import { More, onRow, type OpenAt } from '../parts/More';
import { useKnown } from '../tree/known';
import { Reading } from '../tree/Reading';
import { matchesNow, useTreeView } from '../tree/view';
import { words } from '../words/en';
import { count } from '../words/format';
import { SaveDialog } from './SaveDialog';
import { applyView, moveView, openRenaming, removeView } from './saving';

const text = words.tree.saved;
/** Loads change all the time; a figure in the side bar need not follow each at once. */
const PAUSE_MS = 500;

export function SavedViews() {
  const views = usePreferences((chosen) => chosen.views);
  const counts = useCounts(views);
  return (
    <>
      <Reading />
      <SaveDialog />
      {views.length > 0 && (
        <>
          <h2 className="saved-head" id="saved-filters">{text.title}</h2>
          <div className="saved" role="group" aria-labelledby="saved-filters" data-testid="saved-filters">
            {views.map((view, i) => <Saved key={view.name} view={view} at={i} of={views.length} n={counts.get(view.filter) ?? null} />)}
          </div>
        </>
      )}
    </>
  );
}

function countNow(views: readonly SavedView[]): ReadonlyMap<string, number> {
  const { fleet } = useLive.getState();
  return new Map(views.map(({ filter }) => [filter, matchesNow(fleet, filter)?.guests ?? fleet.guests.size]));
}

function useCounts(views: readonly SavedView[]): ReadonlyMap<string, number> {
  const [counts, setCounts] = useState<ReadonlyMap<string, number>>(new Map());
  useEffect(() => {
    if (views.length === 0) return undefined;
    let timer: ReturnType<typeof setTimeout> | null = null;
    const show = () => {
      timer = null;
      setCounts(countNow(views));
    };
    const soon = () => { timer ??= setTimeout(show, PAUSE_MS); };
    show();
    const ends = [useLive.subscribe((now, before) => now.fleet !== before.fleet && soon()), useKnown.subscribe(soon)];
    return () => {
      for (const end of ends) end();
      if (timer !== null) clearTimeout(timer);
    };
  }, [views]);
  return counts;
}

function entriesOf(view: SavedView, at: number, of: number): Entry[] {
  const one = { keys: null, group: 1, verdict: { able: true, note: null } } as const;
  return [
    { ...one, id: 'view-rename', icon: PencilLine, label: text.actions.rename, keys: 'F2', run: () => openRenaming(view) },
    { ...one, id: 'view-up', icon: ChevronUp, label: text.actions.up, keys: 'Alt Up', verdict: at > 0 ? one.verdict : { able: false, why: text.first }, run: () => moveView(view.name, -1) },
    { ...one, id: 'view-down', icon: ChevronDown, label: text.actions.down, keys: 'Alt Down', verdict: at < of - 1 ? one.verdict : { able: false, why: text.last }, run: () => moveView(view.name, 1) },
    { ...one, id: 'view-remove', icon: Trash2, label: text.actions.remove, keys: 'Del', group: 2, run: () => removeView(view.name) },
  ];
}

interface Props {
  view: SavedView;
  at: number;
  of: number;
  /** Null until it was counted. */
  n: number | null;
}

function Saved({ view, at, of, n }: Props) {
  const { name } = view;
  const applied = useTreeView((tree) => tree.filter === view.filter);
  const grouped = usePreferences((chosen) => chosen.grouping === view.grouping);
  const menu: OpenAt = (x, y, back) => openEntries({ x, y }, name, entriesOf(view, at, of), back);
  function remove(button: HTMLElement): void {
    const row = button.parentElement;
    const next = (row?.nextElementSibling ?? row?.previousElementSibling)?.querySelector<HTMLElement>('.nav');
    removeView(name);
    next?.focus();
  }
  function move(button: HTMLElement, by: -1 | 1): void {
    moveView(name, by);
    // A row that is put elsewhere in the page loses the focus.
    requestAnimationFrame(() => button.focus());
  }
  function onKey(event: KeyboardEvent<HTMLButtonElement>): void {
    const box = event.currentTarget.getBoundingClientRect();
    if (event.key === 'F2') openRenaming(view);
    else if (event.key === 'Delete') remove(event.currentTarget);
    else if (event.altKey && (event.key === 'ArrowUp' || event.key === 'ArrowDown')) move(event.currentTarget, event.key === 'ArrowUp' ? -1 : 1);
    else if (event.key === 'ContextMenu' || (event.shiftKey && event.key === 'F10')) menu(box.left, box.bottom, event.currentTarget);
    else return;
    event.preventDefault();
  }
  return (
    <div onContextMenu={onRow(menu)}>
      <button type="button" className="nav" title={`${name}: ${view.filter}`} aria-pressed={applied && grouped} onClick={() => applyView(view)} onKeyDown={onKey} data-testid={`saved-${name}`}>
        <Bookmark className="icon" aria-hidden />
        <span className="words">{name}</span>
        {n !== null && <span className="count">{count(n)}<span className="unseen">{` ${text.lxcs(n)}`}</span></span>}
      </button>
      <span className="more"><More label={text.more(name)} testId={`more-saved-${name}`} onOpen={menu} /></span>
    </div>
  );
}
