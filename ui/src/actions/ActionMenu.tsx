// The context menu. What cannot be done stays in it and says why.
import { Menu } from '@base-ui/react/menu';
import { Fragment } from 'react';
import { summon } from '../tree/view';
import { words } from '../words/en';
import { pending } from './able';
import { entriesOf } from './entries';
import { closeMenu, type Entry, type MenuPlace, useMenu } from './menu';
import { aboutOf, type Scope } from './scope';

/** A long menu moves up until all of it is on the screen. */
const FITS = { side: 'shift', align: 'shift', fallbackAxisSide: 'none' } as const;

export function ActionMenu() {
  const place = useMenu((menu) => menu.place);
  if (place === null) return null;
  const { x, y } = place;
  const anchor = { getBoundingClientRect: () => DOMRect.fromRect({ x, y, width: 0, height: 0 }) };
  const [head, entries] = 'scope' in place ? [headOf(place.scope), entriesOf(place.scope, { x, y })] : [place.head, place.entries];
  const leave = () => leaveFrom(place);
  return (
    <Menu.Root open modal={false} onOpenChange={(open) => !open && leave()}>
      <Menu.Portal>
        <Menu.Positioner className="menu-place" anchor={anchor} align="start" side="bottom" sideOffset={2} positionMethod="fixed" collisionAvoidance={FITS}>
          <Menu.Popup className="menu" finalFocus={false} data-testid="menu" aria-label={head}>
            <div className="menu-head" role="presentation">{head}</div>
            {entries.map((entry, i) => (
              <Fragment key={entry.id}>
                {i > 0 && entries[i - 1]?.group !== entry.group && <Menu.Separator className="menu-rule" />}
                <Item entry={entry} onLeave={leave} />
              </Fragment>
            ))}
          </Menu.Popup>
        </Menu.Positioner>
      </Menu.Portal>
    </Menu.Root>
  );
}

/** The library closes the menu once more after an entry was chosen; by then the focus may be in a dialog that the entry opened. */
function leaveFrom(place: MenuPlace): void {
  if (useMenu.getState().place !== place) return;
  closeMenu();
  if ('scope' in place || place.back === 'tree') summon();
  else place.back?.focus();
}

function Item({ entry, onLeave }: { entry: Entry; onLeave: () => void }) {
  const { verdict, icon: Icon } = entry;
  const second = verdict.able ? verdict.note : verdict.why;
  return (
    <Menu.Item
      className="menu-item"
      disabled={!verdict.able}
      data-testid={`action-${entry.id}`}
      onClick={() => {
        onLeave();
        entry.run();
      }}
    >
      <Icon className="icon small" aria-hidden />
      <span>{entry.label}</span>
      <span className="key">{entry.keys}</span>
      {second !== null && <span className="why">{second}</span>}
    </Menu.Item>
  );
}

function headOf(scope: Scope): string {
  if (scope.leaf !== null) return aboutOf(scope);
  if (scope.part !== null) return words.actions.head(scope.one === null ? `${scope.name} · ${words.lxcs(scope.guests.length)}` : aboutOf(scope), scope.part.total, scope.part.security);
  const counts = scope.guests.map(pending);
  const total = counts.reduce((sum, one) => sum + (one?.total ?? 0), 0);
  const security = counts.reduce((sum, one) => sum + (one?.security ?? 0), 0);
  return words.actions.head(scope.name, total, security);
}
