// The window: top bar, side bar, the view that is chosen, and what lies over it.
import { useEffect, useState } from 'react';
import type { AppInfo } from '../bindings/AppInfo';
import { ActionMenu } from '../actions/ActionMenu';
import { AuditView } from '../audit/AuditView';
import { ClusterDialog } from '../clusters/ClusterDialog';
import { ChangelogDialog } from '../changelog/ChangelogDialog';
import { CommandError, rpc } from '../host';
import { ImagesView } from '../images/ImagesView';
import { startClock } from '../live/clock';
import { approvalsMoved } from '../live/approvals';
import { forgetDetails } from '../live/details';
import { readPreferences, showPreferences } from '../live/preferences';
import { onAside, onReset, startFeed } from '../live/start';
import { Palette } from '../palette/Palette';
import { Shortcuts } from '../palette/Shortcuts';
import { GlyphShapes } from '../parts/GlyphShapes';
import { ErrorNote } from '../parts/Note';
import { PasteDialog } from '../paste/PasteDialog';
import { pasteNews, readPastes } from '../paste/state';
import { PlanDialog } from '../plan/PlanDialog';
import { planProgress } from '../plan/state';
import { OperationList } from '../operations/OperationList';
import { OperationView } from '../operations/OperationView';
import { ReceiptsView } from '../receipts/ReceiptsView';
import { SettingsView } from '../settings/SettingsView';
import { UpdatesView } from '../updates/UpdatesView';
import { Wizard } from '../wizard/Wizard';
import { words } from '../words/en';
import { Announcer } from './Announcer';
import { FleetView } from './FleetView';
import { globalKeys } from './keys';
import { Notices } from './Notices';
import { usePlace } from './place';
import { SideBar } from './SideBar';
import { TopBar } from './TopBar';
import { Unlock } from './Unlock';

export function App() {
  const [info, setInfo] = useState<AppInfo | null>(null);
  const [problem, setProblem] = useState<CommandError | null>(null);

  useEffect(() => {
    let live = true;
    rpc('app_info', {}).then(
      (info) => live && setInfo(info),
      (thrown) => live && setProblem(CommandError.from(thrown)),
    );
    void readPreferences();
    const ends = [
      startFeed(),
      startClock(),
      globalKeys(),
      onReset(() => forgetDetails()),
      onReset(readPastes),
      onReset(() => void readPreferences()),
      onAside((body) => body.kind === 'planProgress' && planProgress(body.answered, body.of)),
      onAside((body) => body.kind === 'approvals' && approvalsMoved()),
      onAside((body) => body.kind === 'preferences' && showPreferences(body.preferences)),
      onAside((body) => body.kind === 'paste' && pasteNews([body.paste])),
    ];
    return () => {
      live = false;
      for (const end of ends) end();
    };
  }, []);

  return (
    <>
      <GlyphShapes />
      <div className="app">
        <div className="brand" role="banner">
          <Flag />
          <span>{words.product}</span>
        </div>
        <TopBar />
        <SideBar info={info} />
        <div className="work">{problem === null ? <Shown info={info} onInfo={setInfo} /> : <main className="main p-4"><ErrorNote error={problem} /></main>}</div>
      </div>
      <ActionMenu />
      <PlanDialog />
      <PasteDialog />
      <ClusterDialog />
      <ChangelogDialog />
      <Palette />
      <Shortcuts />
      <Unlock info={info} onOpen={setInfo} />
      <Notices />
      <Announcer />
    </>
  );
}

function Shown({ info, onInfo }: { info: AppInfo | null; onInfo: (info: AppInfo) => void }) {
  const place = usePlace((app) => app.place);
  switch (place.view) {
    case 'fleet':
      return <FleetView />;
    case 'updates':
      return <UpdatesView />;
    case 'images':
      return <ImagesView />;
    case 'operations':
      return <OperationList />;
    case 'operation':
      return <OperationView key={place.id} id={place.id} firstJob={place.job} />;
    case 'history':
      return <ReceiptsView />;
    case 'audit':
      return <AuditView />;
    case 'settings':
      return <SettingsView page={place.page} info={info} onInfo={onInfo} />;
    case 'wizard':
      return <Wizard />;
  }
}

function Flag() {
  return (
    <svg viewBox="0 0 18 18" aria-hidden="true">
      <path d="M3.5 1.5v15" stroke="var(--text)" strokeWidth="1.75" strokeLinecap="round" />
      <path d="M5.25 2.25h10.2a.5.5 0 0 1 .41.79L13.4 6.5l2.46 3.46a.5.5 0 0 1-.41.79H5.25V2.25Z" fill="var(--accent-mark)" />
    </svg>
  );
}
