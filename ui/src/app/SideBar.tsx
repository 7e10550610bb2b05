// The side bar: the views that exist, and whether the picture is live.
import { Activity, CircleArrowUp, Container, History, type LucideIcon, Network, ScrollText, Settings } from 'lucide-react';
import type { AppInfo } from '../bindings/AppInfo';
import { FLEET_IMAGES, imagesBelow } from '../live/images';
import { useLive } from '../live/store';
import { Status } from '../parts/Status';
import { words } from '../words/en';
import { count } from '../words/format';
import { go, type Place, usePlace } from './place';
import { SavedViews } from './SavedViews';

export function SideBar({ info }: { info: AppInfo | null }) {
  const view = usePlace((app) => app.place.view);
  const running = useLive((live) => {
    let n = 0;
    for (const operation of live.operations.values()) if (operation.endedAt === null) n += 1;
    return n;
  });
  const pending = useLive((live) => live.fleet.totals.updates.total);
  const images = useLive((live) => imagesBelow(live.fleet, FLEET_IMAGES).now.updates);
  return (
    <nav className="side" aria-label={words.views.label} data-region="side">
      <Entry to={{ view: 'fleet' }} icon={Network} name={words.views.fleet} here={view === 'fleet' || view === 'wizard'} />
      <Entry to={{ view: 'updates' }} icon={CircleArrowUp} name={words.views.updates} here={view === 'updates'} figure={pending} />
      <Entry to={{ view: 'images' }} icon={Container} name={words.views.images} here={view === 'images'} figure={images} />
      <Entry to={{ view: 'operations' }} icon={Activity} name={words.views.operations} here={view === 'operations' || view === 'operation'} figure={running} />
      <Entry to={{ view: 'history' }} icon={History} name={words.views.history} here={view === 'history'} />
      <Entry to={{ view: 'audit' }} icon={ScrollText} name={words.views.audit} here={view === 'audit'} />
      <Entry to={{ view: 'settings', page: 'general' }} icon={Settings} name={words.views.settings} here={view === 'settings'} />
      <SavedViews />
      <div className="side-foot">
        <LinkStatus />
        {info !== null && <div className="words">{words.link.version(info.version)}</div>}
        {info?.demo === true && <div className="words">{words.link.demo}</div>}
      </div>
    </nav>
  );
}

function Entry({ to, icon: Icon, name, here, figure }: { to: Place; icon: LucideIcon; name: string; here: boolean; figure?: number }) {
  return (
    <button type="button" className="nav" aria-current={here ? 'page' : undefined} title={name} onClick={() => go(to)} data-testid={`view-${to.view}`}>
      <Icon className="icon" aria-hidden />
      <span className="words">{name}</span>
      {figure !== undefined && figure > 0 && <span className="count">{count(figure)}</span>}
    </button>
  );
}

function LinkStatus() {
  const link = useLive((live) => live.link);
  const shown = words.link[link];
  const status = link === 'live' ? { tone: 'ok', glyph: 'ok' } as const : link === 'starting' ? { tone: 'mute', glyph: 'wait' } as const : { tone: 'error', glyph: 'unr' } as const;
  return <Status {...status} title={shown}><span className="words">{shown}</span></Status>;
}
