// The filter of the fleet: tokens as chips, text behind them, suggestions below. A combobox; the text itself is parsed in filter.ts.
import { Bookmark, Search, X } from 'lucide-react';
import { type KeyboardEvent, useState } from 'react';
import { FILTER_ID } from '../app/keys';
import { useLive } from '../live/store';
import { words } from '../words/en';
import { openSaving } from '../app/saving';
import { type Field, fieldOf, fieldWith, lastPiece, taken } from './field';
import { isRight, parse, textOf, type Token, tokenOf } from './filter';
import { hintsOf } from './hints';
import { useKnown } from './known';
import { needsOf } from './match';
import { suggest, type Suggestion } from './suggest';
import { listsNow, summon, useMatches, useTreeView } from './view';

const text = words.tree.filter;
const LIST_ID = 'filter-list';
const optionId = (at: number): string => `filter-option-${at}`;

export function FilterField() {
  const filter = useTreeView((tree) => tree.filter);
  const matches = useMatches(filter);
  const all = useLive((live) => live.fleet.guests.size);
  const [own, setOwn] = useState<Field>(() => fieldOf(filter));
  const [open, setOpen] = useState(false);
  const [at, setAt] = useState(-1);
  // Set from elsewhere: by Escape in the tree, or by a saved filter.
  const field = own.filter === filter ? own : fieldOf(filter);
  const fleetNow = () => useLive.getState().fleet;
  const list = open ? suggest(lastPiece(field.typed), fleetNow(), listsNow()) : [];
  const hints = open ? hintsFor(field) : [];
  const chosen = list[at];

  function put(next: Field): void {
    setOwn(next);
    setAt(-1);
    if (next.filter !== useTreeView.getState().filter) useTreeView.setState({ filter: next.filter });
  }
  const type = (typed: string): void => {
    const next = fieldWith(field.chips, typed, fleetNow(), listsNow());
    const done = typed.endsWith(' ') ? taken(next, fleetNow(), listsNow()) : null;
    setOpen(done === null);
    put(done ?? next);
  };
  function take({ text, begins }: Suggestion): void {
    const typed = field.typed.slice(0, field.typed.length - lastPiece(field.typed).length) + text;
    const next = fieldWith(field.chips, typed, fleetNow(), listsNow());
    setOpen(begins);
    put(begins ? next : (taken(next, fleetNow(), listsNow()) ?? next));
  }
  const without = (token: Token): void => {
    put(fieldWith(field.chips.filter((chip) => chip !== token), field.typed, fleetNow(), listsNow()));
    document.getElementById(FILTER_ID)?.focus();
  };
  const clear = (): void => {
    setOpen(false);
    put(fieldOf(''));
  };

  function onKey(event: KeyboardEvent<HTMLInputElement>): void {
    const input = event.currentTarget;
    switch (event.key) {
      case 'Escape':
        if (hints.length > 0 || (list.length > 0 && lastPiece(field.typed) !== '')) setOpen(false);
        else if (filter !== '' || field.typed !== '') clear();
        else leave();
        break;
      case 'ArrowDown':
      case 'ArrowUp':
        if (event.altKey) setOpen(event.key === 'ArrowDown');
        else if (list.length === 0) {
          if (event.key === 'ArrowUp') return;
          leave();
        } else setAt(event.key === 'ArrowDown' ? (at + 1) % list.length : (at <= 0 ? list.length : at) - 1);
        break;
      case 'Enter': {
        const next = chosen === undefined ? taken(field, fleetNow(), listsNow()) : null;
        if (chosen !== undefined) take(chosen);
        else if (next !== null) {
          setOpen(false);
          put(next);
        }
        else leave();
        break;
      }
      case 'Tab': {
        const first = chosen ?? (lastPiece(field.typed) === '' ? undefined : list[0]);
        if (event.shiftKey || first === undefined) return;
        take(first);
        break;
      }
      case 'Backspace': {
        const last = field.chips.at(-1);
        if (last === undefined || input.selectionStart !== 0 || input.selectionEnd !== 0) return;
        without(last);
        break;
      }
      default:
        return;
    }
    event.preventDefault();
  }
  function leave(): void {
    setOpen(false);
    summon();
  }

  return (
    <div className="find tokens" role="search">
      <Search className="icon small" aria-hidden />
      {field.chips.length > 0 && <span className="chips">{field.chips.map((token) => <Chip key={textOf(token)} token={token} onRemove={without} />)}</span>}
      <input
        id={FILTER_ID} value={field.typed} placeholder={field.chips.length === 0 ? text.placeholder : undefined} aria-label={text.label} data-testid="filter" spellCheck={false} autoComplete="off"
        role="combobox" aria-autocomplete="list" aria-expanded={list.length > 0} aria-controls={LIST_ID} aria-activedescendant={chosen === undefined ? undefined : optionId(at)}
        onChange={(event) => type(event.target.value)} onKeyDown={onKey} onClick={() => setOpen(true)} onBlur={() => setOpen(false)}
      />
      {matches !== null && <span className="matches" role="status" data-testid="filter-matches">{words.top.matches(matches.guests, all)}</span>}
      {matches !== null && (
        <button type="button" className="button ghost square compact" aria-label={text.save} title={text.save} onClick={() => openSaving(filter)} data-testid="filter-save">
          <Bookmark className="icon small" aria-hidden />
        </button>
      )}
      {(filter !== '' || field.typed !== '') && (
        <button type="button" className="button ghost square compact" aria-label={words.top.clearFilter} title={words.top.clearFilter} onClick={clear}>
          <X className="icon small" aria-hidden />
        </button>
      )}
      {filter === '' && field.typed === '' && <kbd className="kbd">/</kbd>}
      {(list.length > 0 || hints.length > 0) && (
        <div className="find-list">
          {hints.map((hint) => <p key={hint} className="hint" role="status" data-testid="filter-hint">{hint}</p>)}
          {list.length > 0 && (
            <div role="listbox" id={LIST_ID} aria-label={text.suggestions}>
              {list.map((one, i) => <Option key={one.text} one={one} at={i} chosen={i === at} onTake={take} />)}
            </div>
          )}
        </div>
      )}
    </div>
  );
}

/** A value that cannot be says which can; a key whose list is on its way says so. */
function hintsFor({ typed }: Field): string[] {
  const known = useKnown.getState();
  const needs = needsOf(typed);
  const waits = (needs.updates && (known.updates?.answer ?? null) === null) || (needs.images && (known.images?.answer ?? null) === null);
  return [...hintsOf(parse(typed)), ...(waits && tokenOf(lastPiece(typed)) !== null ? [text.reading] : [])];
}

function Chip({ token, onRemove }: { token: Token; onRemove: (token: Token) => void }) {
  const said = textOf(token);
  const colon = said.indexOf(':') + 1;
  return (
    <span className={isRight(token) ? 'chip' : 'chip wrong'} title={said} data-testid={`chip-${said}`}>
      <span><b>{said.slice(0, colon)}</b>{said.slice(colon)}</span>
      <button type="button" aria-label={text.remove(said)} onClick={() => onRemove(token)}><X className="icon" aria-hidden /></button>
    </span>
  );
}

function Option({ one, at, chosen, onTake }: { one: Suggestion; at: number; chosen: boolean; onTake: (one: Suggestion) => void }) {
  return (
    <div
      id={optionId(at)} role="option" tabIndex={-1} aria-selected={chosen} data-testid={`suggest-${one.text}`}
      ref={(element) => { if (chosen) element?.scrollIntoView?.({ block: 'nearest' }); }}
      // The field keeps the focus.
      onMouseDown={(event) => event.preventDefault()}
      onClick={() => onTake(one)}
    >
      <span className="mono">{one.text}</span>
      <span className="t3 el">{one.note}</span>
      <span className="t3 num">{one.lxcs === null ? '' : text.lxcs(one.lxcs)}</span>
    </div>
  );
}
