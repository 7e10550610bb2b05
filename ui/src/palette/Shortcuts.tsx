// Every key, by where it works. The list is that of the commands and actions themselves.
import { Dialog } from '@base-ui/react/dialog';
import { X } from 'lucide-react';
import { ACTIONS } from '../actions/registry';
import { scopeNow, scopeOfGuests } from '../actions/scope';
import { WINDOW_COMMANDS } from '../actions/window';
import { PLAIN_KEYS } from '../app/keys';
import { usePreferences } from '../live/preferences';
import { useLive } from '../live/store';
import { words } from '../words/en';
import { closePalette, usePalette } from './state';

const text = words.commands.keys;

export function Shortcuts() {
  const open = usePalette((palette) => palette.open === 'shortcuts');
  return (
    <Dialog.Root open={open} onOpenChange={(now) => !now && closePalette()}>
      <Dialog.Portal>
        <Dialog.Backdrop className="scrim" />
        <div className="dialog-place">
          <Dialog.Popup className="dialog shortcuts" data-testid="shortcuts"><Keys /></Dialog.Popup>
        </div>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

type Line = readonly [keys: readonly string[], what: string];

function Keys() {
  const letters = usePreferences((all) => all.look.letters);
  const fleet = useLive((live) => live.fleet);
  const scope = scopeNow() ?? scopeOfGuests(fleet, []);
  const rows: Line[] = ACTIONS.filter((action) => action.keys !== null).map((action) => [
    [...(letters || action.letter === null ? [action.keys ?? ''] : []), ...(action.ctrl === undefined ? [] : [action.ctrl])], action.label(scope),
  ]);
  const everywhere: Line[] = [
    ...WINDOW_COMMANDS.flatMap((one): Line[] => (one.keys === null ? [] : [[one.id === 'shortcuts' && letters ? [one.keys, '?'] : [one.keys], one.label()]])),
    ...PLAIN_KEYS.map(([key, word]): Line => [[key], words.commands.window[word]]),
  ];
  return (
    <>
      <div className="dialog-head">
        <div className="fill">
          <Dialog.Title>{text.title}</Dialog.Title>
          <Dialog.Description className="small t2 mt-1">{letters ? text.lead : text.leadOff}</Dialog.Description>
        </div>
        <Dialog.Close className="button ghost square" aria-label={words.close} data-testid="dialog-close"><X className="icon" aria-hidden /></Dialog.Close>
      </div>
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a region that scrolls must be reached by the keyboard */}
      <div className="shortcut-lists scrolls" tabIndex={0} role="region" aria-label={text.title}>
        <List name={text.regions.everywhere} lines={everywhere} />
        <div>
          <List name={text.regions.rows} lines={rows} />
          <List name={text.regions.tree} lines={text.tree.map(([keys, what]): Line => [[keys], what])} />
        </div>
      </div>
    </>
  );
}

function List({ name, lines }: { name: string; lines: readonly Line[] }) {
  return (
    <section aria-label={name}>
      <h3>{name}</h3>
      <dl>
        {lines.map(([keys, what]) => (
          <div key={`${keys.join(' ')} ${what}`} className="shortcut">
            <dt>{what}</dt>
            <dd className="hs tight">{keys.map((key) => <kbd key={key} className="kbd">{key}</kbd>)}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
