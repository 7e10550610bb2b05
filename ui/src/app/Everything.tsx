// Scan all and update all, with the other ways to update behind the arrow. Behind a filter all are about what is shown.
import { Menu } from '@base-ui/react/menu';
import { ChevronDown, Radar } from 'lucide-react';
import { command } from '../actions/command';
import { FLEET_COMMANDS, isNarrow, scanAll, updateAll, updatesIn, whyNoScanIn, whyNoUpdateIn } from '../actions/fleet';
import { useLive } from '../live/store';
import { Glyph } from '../parts/Glyph';
import { useTreeView } from '../tree/view';
import { words } from '../words/en';
import { count } from '../words/format';
import { useLeaving } from './leaving';
import { MenuCommand } from './MenuCommand';
import { usePlace } from './place';

const text = words.top;
const WAYS = ['update-all', 'security-all', 'images-all', 'by-update-type'] as const;
const MORE_ID = 'more-updates';

export function Everything() {
  const filter = useTreeView((tree) => tree.filter);
  const view = usePlace((app) => app.place.view);
  const within = view === 'fleet' ? filter : '';
  // Each asks one thing of the picture, so that a load that changed draws nothing here.
  const narrow = useLive((live) => isNarrow(live.fleet, within));
  const updates = useLive((live) => updatesIn(live.fleet, within));
  const noScan = useLive((live) => whyNoScanIn(live.fleet, within));
  const noUpdate = useLive((live) => whyNoUpdateIn(live.fleet, within));
  return (
    <>
      <button type="button" className="button" aria-disabled={noScan !== null} title={noScan ?? undefined} data-testid="scan-all" onClick={() => noScan === null && scanAll()}>
        <Radar className="icon" aria-hidden />
        {narrow ? text.scanShown : text.scanAll}
      </button>
      <span className="split">
        <button type="button" className="button" aria-disabled={noUpdate !== null} title={noUpdate ?? undefined} data-testid="update-all" onClick={() => noUpdate === null && updateAll()}>
          <Glyph name="upd" />
          {narrow ? text.updateShown : text.updateAll}
          {updates > 0 && <span className="count">{count(updates)}</span>}
        </button>
        <Ways />
      </span>
    </>
  );
}

function Ways() {
  const { finalFocus, leave } = useLeaving(MORE_ID);
  return (
    <Menu.Root modal={false}>
      <Menu.Trigger id={MORE_ID} className="button" aria-label={words.commands.fleet.more} title={words.commands.fleet.more} data-testid="update-more"><ChevronDown className="icon small" aria-hidden /></Menu.Trigger>
      <Menu.Portal>
        <Menu.Positioner className="menu-place" align="end" side="bottom" sideOffset={4} positionMethod="fixed">
          <Menu.Popup className="menu" finalFocus={finalFocus} data-testid="update-menu">
            {WAYS.map((id) => <MenuCommand key={id} one={command(FLEET_COMMANDS, id)} onLeave={leave} rule={id === 'by-update-type'} />)}
          </Menu.Popup>
        </Menu.Positioner>
      </Menu.Portal>
    </Menu.Root>
  );
}
