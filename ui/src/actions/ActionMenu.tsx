// The context menu. What cannot be done stays in it and says why.
import { Menu } from '@base-ui/react/menu';
import { Fragment } from 'react';
import { summon } from '../tree/view';
import { words } from '../words/en';
import { pending } from './able';
import { closeMenu, useMenu } from './menu';
import { type Action, ACTIONS } from './registry';
import type { Scope } from './scope';

/** A long menu moves up until all of it is on the screen. */
const FITS = { side: 'shift', align: 'shift', fallbackAxisSide: 'none' } as const;

export function ActionMenu() {
  const place = useMenu((menu) => menu.place);
  if (place === null) return null;
  const { x, y, scope } = place;
  const anchor = { getBoundingClientRect: () => DOMRect.fromRect({ x, y, width: 0, height: 0 }) };
  const actions = ACTIONS.filter((action) => action.shown(scope));
  return (
    <Menu.Root open modal={false} onOpenChange={(open) => !open && leave()}>
      <Menu.Portal>
        <Menu.Positioner className="menu-place" anchor={anchor} align="start" side="bottom" sideOffset={2} positionMethod="fixed" collisionAvoidance={FITS}>
          <Menu.Popup className="menu" finalFocus={false} data-testid="menu" aria-label={head(scope)}>
            <div className="menu-head" role="presentation">{head(scope)}</div>
            {actions.map((action, i) => (
              <Fragment key={action.id}>
                {i > 0 && actions[i - 1]?.group !== action.group && <Menu.Separator className="menu-rule" />}
                <Item action={action} scope={scope} />
              </Fragment>
            ))}
          </Menu.Popup>
        </Menu.Positioner>
      </Menu.Portal>
    </Menu.Root>
  );
}

function leave(): void {
  closeMenu();
  summon();
}

function Item({ action, scope }: { action: Action; scope: Scope }) {
  const verdict = action.when(scope);
  const second = verdict.able ? verdict.note : verdict.why;
  const Icon = action.icon;
  return (
    <Menu.Item
      className="menu-item"
      disabled={!verdict.able}
      data-testid={`action-${action.id}`}
      onClick={() => {
        leave();
        action.run(scope);
      }}
    >
      <Icon className="icon small" aria-hidden />
      <span>{action.label(scope)}</span>
      <span className="key">{action.keys}</span>
      {second !== null && <span className="why">{second}</span>}
    </Menu.Item>
  );
}

function head(scope: Scope): string {
  const counts = scope.guests.map(pending);
  const total = counts.reduce((sum, one) => sum + (one?.total ?? 0), 0);
  const security = counts.reduce((sum, one) => sum + (one?.security ?? 0), 0);
  return words.actions.head(scope.name, total, security);
}
