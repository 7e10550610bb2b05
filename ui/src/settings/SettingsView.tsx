// The settings of RedFlag: the list of pages left, one page right. Every change is kept at once.
import { Bell, Boxes, Database, Info, KeyRound, type LucideIcon, Palette, Plug, Radar, Settings, ShieldCheck } from 'lucide-react';
import type { AppInfo } from '../bindings/AppInfo';
import { go, SETTINGS_PAGES, type SettingsPage } from '../app/place';
import { words } from '../words/en';
import { AboutPage } from './AboutPage';
import { AccessPage } from './AccessPage';
import { AgentsPage } from './AgentsPage';
import { AppearancePage } from './AppearancePage';
import { ClustersPage } from './ClustersPage';
import { DataPage } from './DataPage';
import { GeneralPage } from './GeneralPage';
import { NotificationsPage } from './NotificationsPage';
import { ScanningPage } from './ScanningPage';
import { SecurityPage } from './SecurityPage';

const text = words.settingsPages;
const ICONS: Record<SettingsPage, LucideIcon> = {
  general: Settings, clusters: Boxes, access: KeyRound, agents: Plug, scanning: Radar, notifications: Bell, security: ShieldCheck, data: Database, appearance: Palette, about: Info,
};

interface Props {
  page: SettingsPage;
  info: AppInfo | null;
  onInfo: (info: AppInfo) => void;
}

export function SettingsView({ page, info, onInfo }: Props) {
  return (
    <main className="main alone" data-region="main" data-testid="settings-view">
      <div className="tool">
        <h1>{text.title}</h1>
        <span className="small t3 el">{text.saved}</span>
      </div>
      <div className="set">
        <nav className="set-pages scrolls" aria-label={text.label}>
          {SETTINGS_PAGES.map((one) => {
            const Icon = ICONS[one];
            return (
              <button key={one} type="button" className="nav" aria-current={one === page ? 'page' : undefined} onClick={() => go({ view: 'settings', page: one })} data-testid={`settings-${one}`}>
                <Icon className="icon" aria-hidden />
                <span className="el">{text.names[one]}</span>
              </button>
            );
          })}
        </nav>
        <div key={page} className="set-page scrolls" data-testid={`settings-page-${page}`}>
          <div className="set-cards">
            <h2>{text.names[page]}</h2>
            <Page page={page} info={info} onInfo={onInfo} />
          </div>
        </div>
      </div>
    </main>
  );
}

function Page({ page, info, onInfo }: Props) {
  switch (page) {
    case 'general':
      return <GeneralPage info={info} />;
    case 'clusters':
      return <ClustersPage />;
    case 'access':
      return <AccessPage />;
    case 'agents':
      return <AgentsPage />;
    case 'scanning':
      return <ScanningPage />;
    case 'notifications':
      return <NotificationsPage />;
    case 'security':
      return <SecurityPage info={info} onInfo={onInfo} />;
    case 'data':
      return <DataPage />;
    case 'appearance':
      return <AppearancePage />;
    case 'about':
      return <AboutPage info={info} />;
  }
}
