// The top bar: filter, scan all, update all. Behind a filter both are about what is shown.
import { Radar, Search, X } from 'lucide-react';
import type { KeyboardEvent } from 'react';
import { scan, scanTargets } from '../actions/registry';
import { scopeOfGuests } from '../actions/scope';
import { pending, whyNoScan } from '../actions/able';
import { useLive } from '../live/store';
import { Glyph } from '../parts/Glyph';
import { makePlan } from '../plan/state';
import { matchesNow, shownGuests, summon, useTreeView } from '../tree/view';
import { words } from '../words/en';
import { count } from '../words/format';
import { FILTER_ID } from './keys';
import { usePlace } from './place';

const text = words.top;

export function TopBar() {
  const view = usePlace((app) => app.place.view);
  const some = useLive((live) => live.fleet.shape.clusters.length > 0);
  return (
    <header className="top" data-region="top">
      {some && view === 'fleet' && <Filter />}
      <span className="fill" />
      {some && view !== 'wizard' && <Everything />}
    </header>
  );
}

function Filter() {
  const filter = useTreeView((tree) => tree.filter);
  const matches = useLive((live) => matchesNow(live.fleet, filter));
  const all = useLive((live) => live.fleet.guests.size);
  const set = (filter: string) => useTreeView.setState({ filter });
  const onKey = (event: KeyboardEvent) => {
    if (event.key === 'Escape') {
      event.preventDefault();
      if (filter === '') summon();
      else set('');
    } else if (event.key === 'ArrowDown' || event.key === 'Enter') {
      event.preventDefault();
      summon();
    }
  };
  return (
    <div className="find" role="search">
      <Search className="icon small" aria-hidden />
      <input id={FILTER_ID} value={filter} placeholder={text.filter} aria-label={text.filterLabel} data-testid="filter" onChange={(event) => set(event.target.value)} onKeyDown={onKey} spellCheck={false} autoComplete="off" />
      {matches !== null && <span className="matches" role="status" data-testid="filter-matches">{text.matches(matches.guests, all)}</span>}
      {filter !== '' && (
        <button type="button" className="button ghost square compact" aria-label={text.clearFilter} onClick={() => set('')}>
          <X className="icon small" aria-hidden />
        </button>
      )}
      {filter === '' && <kbd className="kbd">/</kbd>}
    </div>
  );
}

function Everything() {
  const filter = useTreeView((tree) => tree.filter);
  const view = usePlace((app) => app.place.view);
  const matches = useLive((live) => (view === 'fleet' ? matchesNow(live.fleet, filter) : null));
  const picture = useLive((live) => live.fleet);
  const narrow = matches !== null;
  const shown = narrow ? shownGuests() : [...picture.guests.values()];
  const updates = narrow ? shown.reduce((sum, guest) => sum + (guest.old ? 0 : (pending(guest)?.total ?? 0)), 0) : picture.totals.updates.total;
  const noScan = shown.length === 0 ? text.nothingShown : shown.every((guest) => whyNoScan(guest) !== null) ? text.nothingToScan : null;
  const noUpdate = shown.length === 0 ? text.nothingShown : updates === 0 ? text.nothingToUpdate : null;
  const { targets } = scopeOfGuests(picture, shown);
  const fleet = [{ kind: 'fleet' as const }];
  return (
    <>
      <button
        type="button"
        className="button"
        aria-disabled={noScan !== null}
        title={noScan ?? undefined}
        data-testid="scan-all"
        onClick={() => noScan === null && void (narrow ? scan(words.lxcs(shown.length), scanTargets({ one: null, guests: shown, targets })) : scan(text.fleet, fleet))}
      >
        <Radar className="icon" aria-hidden />
        {narrow ? text.scanShown : text.scanAll}
      </button>
      <button
        type="button"
        className="button"
        aria-disabled={noUpdate !== null}
        title={noUpdate ?? undefined}
        data-testid="update-all"
        onClick={() => noUpdate === null && void makePlan({ kind: 'update', targets: narrow ? targets : fleet, only: { kind: 'all' } })}
      >
        <Glyph name="upd" />
        {narrow ? text.updateShown : text.updateAll}
        {updates > 0 && <span className="count">{count(updates)}</span>}
      </button>
    </>
  );
}
