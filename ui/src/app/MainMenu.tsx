// The menu of the window: every command by where one would look for it. Alt or F10 leads to its button.
import { Menu } from '@base-ui/react/menu';
import { ChevronRight, Menu as Lines } from 'lucide-react';
import { Fragment, type ReactNode } from 'react';
import { command, type Command } from '../actions/command';
import { FLEET_COMMANDS } from '../actions/fleet';
import { ACTIONS } from '../actions/registry';
import { aboutOf, scopeNow } from '../actions/scope';
import { WINDOW_COMMANDS } from '../actions/window';
import { usePreferences } from '../live/preferences';
import { words } from '../words/en';
import { percent } from '../words/format';
import { MENU_ID } from './keys';
import { useLeaving } from './leaving';
import { MenuChoice, MenuCommand, MenuSwitch } from './MenuCommand';
import { usePlace } from './place';

const text = words.commands.menus;
const fleet = (id: string): Command => command(FLEET_COMMANDS, id);
const ofWindow = (id: string): Command => command(WINDOW_COMMANDS, id);
const beginning = (start: string): Command[] => WINDOW_COMMANDS.filter(({ id }) => id.startsWith(start));
/** What the choice of an action opens stands where the menus were. */
const AT = { x: 64, y: 52 };

export function MainMenu() {
  const { finalFocus, leave } = useLeaving(MENU_ID);
  return (
    <Menu.Root modal={false}>
      <Menu.Trigger id={MENU_ID} className="button ghost square" aria-label={text.label} title={`${text.label} (F10)`} data-testid="main-menu"><Lines className="icon" aria-hidden /></Menu.Trigger>
      <Menu.Portal>
        <Menu.Positioner className="menu-place" align="start" side="bottom" sideOffset={4} positionMethod="fixed">
          <Menu.Popup className="menu narrow" finalFocus={finalFocus} data-testid="main-menu-list">
            <Part name={text.file} id="file">
              <MenuCommand one={fleet('add-cluster')} onLeave={leave} />
              <MenuCommand one={ofWindow('go-settings')} onLeave={leave} rule />
              <MenuCommand one={ofWindow('backup')} onLeave={leave} />
            </Part>
            <Part name={text.selection} id="selection">
              {['select-all', 'clear-selection', 'find'].map((id) => <MenuCommand key={id} one={ofWindow(id)} onLeave={leave} rule={id === 'find'} />)}
            </Part>
            <Part name={text.view} id="view"><View /></Part>
            <Part name={text.actions} id="actions"><Actions onLeave={leave} /></Part>
            <Part name={text.help} id="help">
              {['shortcuts', 'commands', 'about'].map((id) => <MenuCommand key={id} one={ofWindow(id)} onLeave={leave} rule={id === 'about'} />)}
            </Part>
          </Menu.Popup>
        </Menu.Positioner>
      </Menu.Portal>
    </Menu.Root>
  );
}

function Part({ name, id, children }: { name: string; id: string; children: ReactNode }) {
  return (
    <Menu.SubmenuRoot>
      <Menu.SubmenuTrigger className="menu-item part" data-testid={`menu-part-${id}`}><span>{name}</span><ChevronRight className="icon small" aria-hidden /></Menu.SubmenuTrigger>
      <Menu.Portal>
        <Menu.Positioner className="menu-place" side="inline-end" align="start" sideOffset={2} alignOffset={-5} positionMethod="fixed">
          <Menu.Popup className="menu" data-testid={`menu-list-${id}`}>{children}</Menu.Popup>
        </Menu.Positioner>
      </Menu.Portal>
    </Menu.SubmenuRoot>
  );
}

function View() {
  const look = usePreferences((all) => all.look);
  usePreferences((all) => all.grouping);
  usePlace();
  return (
    <>
      <MenuChoice label={text.goTo} of={beginning('go-')} />
      <Menu.Separator className="menu-rule" />
      <MenuChoice label={text.grouping} of={beginning('group-')} />
      <Menu.Separator className="menu-rule" />
      <MenuChoice label={text.theme} of={beginning('theme-')} />
      <Menu.Separator className="menu-rule" />
      {['high-contrast', 'compact-rows', 'drawer'].map((id) => <MenuSwitch key={id} one={ofWindow(id)} />)}
      <Menu.Separator className="menu-rule" />
      <div className="menu-head">{text.zoom(percent(look.zoom / 100))}</div>
      {['zoom-in', 'zoom-out', 'zoom-usual'].map((id) => <StayingCommand key={id} one={ofWindow(id)} />)}
    </>
  );
}

/** Pressed several times in a row. */
function StayingCommand({ one }: { one: Command }) {
  const { icon: Icon } = one;
  return (
    <Menu.Item className="menu-item" closeOnClick={false} disabled={!one.when().able} onClick={() => one.run()} data-testid={`menu-${one.id}`}>
      <Icon className="icon small" aria-hidden />
      <span>{one.label()}</span>
      <span className="key">{one.keys}</span>
    </Menu.Item>
  );
}

/** On the chosen rows first, then on the whole fleet. */
function Actions({ onLeave }: { onLeave: () => void }) {
  const scope = usePlace((app) => app.place.view) === 'fleet' ? scopeNow() : null;
  const shown = scope === null ? [] : ACTIONS.filter((action) => action.shown(scope));
  return (
    <>
      <div className="menu-head">{scope === null ? text.noScope : text.on(aboutOf(scope))}</div>
      {scope !== null && shown.map((action, i) => (
        <Fragment key={action.id}>
          <MenuCommand
            one={{ id: `act-${action.id}`, icon: action.icon, keys: action.ctrl ?? action.keys, label: () => action.label(scope), when: () => action.when(scope), run: () => action.run(scope, AT) }}
            onLeave={onLeave}
            rule={i > 0 && shown[i - 1]?.group !== action.group}
          />
        </Fragment>
      ))}
      {['scan-all', 'update-all', 'security-all', 'images-all'].map((id, i) => <MenuCommand key={id} one={{ ...fleet(id), short: fleet(id).label }} onLeave={onLeave} rule={i === 0} />)}
    </>
  );
}
