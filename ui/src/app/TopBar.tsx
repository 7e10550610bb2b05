// The top bar: filter, scan all, update all. Behind a filter both are about what is shown.
import { Radar, Search, X } from 'lucide-react';
import type { KeyboardEvent } from 'react';
import { scan, scanTargets } from '../actions/registry';
import { pending, whyNoScan } from '../actions/able';
import type { GuestRow } from '../bindings/GuestRow';
import type { Target } from '../bindings/Target';
import { useLive } from '../live/store';
import { Glyph } from '../parts/Glyph';
import { makePlan } from '../plan/state';
import { matchesNow, shownGuests, summon, useTreeView } from '../tree/view';
import { words } from '../words/en';
import { count } from '../words/format';
import { FILTER_ID } from './keys';
import { usePlace } from './place';

const text = words.top;
const FLEET: Target[] = [{ kind: 'fleet' }];

export function TopBar() {
  const view = usePlace((app) => app.place.view);
  const some = useLive((live) => live.fleet.shape.clusters.length > 0);
  return (
    <div className="top" role="region" aria-label={text.label} data-region="top">
      {some && view === 'fleet' && <Filter />}
      <span className="fill" />
      {some && view !== 'wizard' && <Everything />}
    </div>
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
  const within = view === 'fleet' ? filter : '';
  // Each asks one thing of the picture, so that a load that changed draws nothing here.
  const narrow = useLive((live) => matchesNow(live.fleet, within) !== null);
  const some = useLive((live) => (narrow ? (matchesNow(live.fleet, within)?.guests ?? 0) : live.fleet.guests.size) > 0);
  const scannable = useLive((live) => anyScannable(narrow ? shownGuests() : live.fleet.guests.values()));
  const updates = useLive((live) => (narrow ? pendingOf(shownGuests()) : live.fleet.totals.updates.total));
  const noScan = !some ? text.nothingShown : scannable ? null : text.nothingToScan;
  const noUpdate = !some ? text.nothingShown : updates === 0 ? text.nothingToUpdate : null;

  function scanThem(): void {
    if (!narrow) void scan(text.fleet, FLEET);
    else void scan(words.lxcs(shownGuests().length), scanTargets({ one: null, guests: shownGuests(), targets: [] }));
  }
  function planThem(): void {
    const targets: Target[] = narrow ? shownGuests().map((guest) => ({ kind: 'guest', guest: guest.id })) : FLEET;
    void makePlan({ kind: 'update', targets, only: { kind: 'all' } });
  }
  return (
    <>
      <button
        type="button"
        className="button"
        aria-disabled={noScan !== null}
        title={noScan ?? undefined}
        data-testid="scan-all"
        onClick={() => noScan === null && scanThem()}
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
        onClick={() => noUpdate === null && planThem()}
      >
        <Glyph name="upd" />
        {narrow ? text.updateShown : text.updateAll}
        {updates > 0 && <span className="count">{count(updates)}</span>}
      </button>
    </>
  );
}

/** Updates known to be current. */
function pendingOf(guests: readonly GuestRow[]): number {
  return guests.reduce((sum, guest) => sum + (guest.old ? 0 : (pending(guest)?.total ?? 0)), 0);
}

function anyScannable(guests: Iterable<GuestRow>): boolean {
  for (const guest of guests) if (whyNoScan(guest) === null) return true;
  return false;
}
