// The command palette: type a few letters, choose with the arrows, Enter does it.
import { Autocomplete } from '@base-ui/react/autocomplete';
import { Dialog } from '@base-ui/react/dialog';
import { Search } from 'lucide-react';
import { Fragment, useDeferredValue, useMemo, useRef, useState } from 'react';
import { words } from '../words/en';
import { find, type Group, type Item, MOST, offerNow } from './items';
import { closePalette, remember, usePalette } from './state';

const text = words.commands.palette;

export function Palette() {
  const open = usePalette((palette) => palette.open === 'commands');
  return open ? <Opened /> : null;
}

function Opened() {
  // The focus goes back to where it was, before whatever was chosen does its work.
  const [before] = useState(() => document.activeElement);
  const input = useRef<HTMLInputElement>(null);
  const leave = () => {
    closePalette();
    if (before instanceof HTMLElement) before.focus();
  };
  return (
    <Dialog.Root open onOpenChange={(open) => !open && leave()}>
      <Dialog.Portal>
        <Dialog.Backdrop className="scrim" />
        <div className="dialog-place high">
          <Dialog.Popup className="dialog palette" initialFocus={input} finalFocus={false} data-testid="palette">
            <Dialog.Title className="unseen">{text.title}</Dialog.Title>
            <Choices input={input} onLeave={leave} />
          </Dialog.Popup>
        </div>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

function Choices({ input, onLeave }: { input: React.RefObject<HTMLInputElement | null>; onLeave: () => void }) {
  const [query, setQuery] = useState('');
  const asked = useDeferredValue(query);
  const recent = usePalette((palette) => palette.recent);
  const offer = useMemo(() => offerNow(), []);
  const { items, more } = useMemo(() => find(offer, asked, recent), [offer, asked, recent]);
  const typed = asked.trim() !== '';
  function choose(item: Item): void {
    remember(item.id);
    onLeave();
    item.run();
  }
  return (
    <Autocomplete.Root inline open mode="none" autoHighlight="always" items={items} filter={null} value={query} onValueChange={(value, details) => details.reason !== 'item-press' && setQuery(value)} itemToStringValue={(item: Item) => item.label}>
      <div className="palette-field">
        <Search className="icon" aria-hidden />
        <Autocomplete.Input ref={input} placeholder={text.find} aria-label={text.find} spellCheck={false} autoComplete="off" data-testid="palette-field" />
        <kbd className="kbd">Esc</kbd>
      </div>
      <Autocomplete.List className="palette-list scrolls" aria-label={text.title} data-testid="palette-list">
        {items.map((item, i) => (
          <Fragment key={`${item.group} ${item.id}`}>
            {!typed && items[i - 1]?.group !== item.group && <div className="menu-head" role="presentation">{headOf(item.group, offer.scopeName)}</div>}
            <Choice item={item} plain={!typed && item.group === 'row'} onChoose={choose} />
          </Fragment>
        ))}
      </Autocomplete.List>
      <div className="palette-foot small t3" role="status">{items.length === 0 ? text.none(asked.trim()) : more ? text.capped(MOST) : text.shown(items.length)}</div>
    </Autocomplete.Root>
  );
}

function headOf(group: Group, scope: string | null): string {
  return group === 'row' ? text.groups.row(scope ?? '') : text.groups[group];
}

/** `plain`: what it is about stands above. */
function Choice({ item, plain, onChoose }: { item: Item; plain: boolean; onChoose: (item: Item) => void }) {
  const { icon: Icon, verdict } = item;
  const second = verdict.able ? verdict.note : verdict.why;
  return (
    <Autocomplete.Item className="menu-item" value={item} disabled={!verdict.able} onClick={() => onChoose(item)} data-testid={`command-${item.id}`}>
      <Icon className="icon small" aria-hidden />
      <span className="hs"><span className="el">{item.label}</span>{item.detail !== null && !plain && <span className="el small t3">{item.detail}</span>}</span>
      <span className="key">{item.keys}</span>
      {second !== null && <span className="why">{second}</span>}
    </Autocomplete.Item>
  );
}
