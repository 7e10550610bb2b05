// The fleet: the tree, the panel beside it, the drawer below it; or the way to the first cluster.
import { Plus } from 'lucide-react';
import { useRef } from 'react';
import { Drawer } from '../operations/Drawer';
import { retryFeed } from '../live/start';
import { useLive } from '../live/store';
import { ErrorNote } from '../parts/Note';
import { Panel } from '../panel/Panel';
import { ColumnMenu } from '../tree/ColumnMenu';
import { GroupChoice } from '../tree/GroupChoice';
import { ReadingNote } from '../tree/Reading';
import { Tree } from '../tree/Tree';
import { useMatches, useTreeView } from '../tree/view';
import { openWizard } from '../wizard/open';
import { words } from '../words/en';
import { FirstRun } from './FirstRun';
import { focusFilter } from './keys';

const text = words.fleet;

export function FleetView() {
  const loaded = useLive((live) => live.loaded);
  const problem = useLive((live) => live.problem);
  const empty = useLive((live) => live.fleet.shape.clusters.length === 0);
  const main = useRef<HTMLElement>(null);
  if (!loaded || empty) {
    return (
      <main className="main alone" ref={main}>
        <div className="tool"><h1>{words.views.fleet}</h1></div>
        {problem !== null && <div className="p-4"><Unread /></div>}
        {loaded && <FirstRun />}
      </main>
    );
  }
  return (
    <>
      <main className="main" ref={main}>
        <div className="tool">
          <h1>{words.views.fleet}</h1>
          <Totals />
          <span className="fill" />
          <GroupChoice />
          <ColumnMenu />
          <button type="button" className="button compact" onClick={openWizard} data-testid="add-cluster">
            <Plus className="icon small" aria-hidden />
            {text.addCluster}
          </button>
        </div>
        {problem !== null && <div className="px-3 py-2"><Unread /></div>}
        <ReadingNote />
        <Tree onFilter={focusFilter} />
      </main>
      <Panel />
      <Drawer />
    </>
  );
}

function Unread() {
  const problem = useLive((live) => live.problem);
  if (problem === null) return null;
  return <ErrorNote error={problem} action={<button type="button" className="button compact" onClick={retryFeed}>{words.tryAgain}</button>} />;
}

function Totals() {
  const totals = useLive((live) => live.fleet.totals);
  const all = useLive((live) => live.fleet.guests.size);
  const filter = useTreeView((tree) => tree.filter);
  const matches = useMatches(filter);
  if (matches !== null) {
    return (
      <span className="small t3 el" data-testid="shown">
        {`${text.shown(matches.guests, all)} · ${words.tree.filter.by} `}<span className="mono">{filter.trim()}</span>
      </span>
    );
  }
  const { updates } = totals;
  const places = text.totals(totals.clusters, totals.nodes, totals.guests);
  return (
    <span className="small t3 el" data-testid="totals">
      <span className={updates.total > 0 ? 'places' : undefined}>{updates.total > 0 ? `${places} · ` : places}</span>
      {updates.total > 0 && text.totalUpdates(updates.total, totals.guestsWithUpdates)}
      {updates.security > 0 && `, ${text.totalSecurity(updates.security)}`}
    </span>
  );
}
