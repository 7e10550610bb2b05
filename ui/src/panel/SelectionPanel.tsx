// Several LXCs at once: what is pending together, one line each, the shared action.
import { type ReactNode, useMemo } from 'react';
import { action } from '../actions/registry';
import { pending } from '../actions/able';
import { type Scope, scopeOfGuests } from '../actions/scope';
import type { GuestRow } from '../bindings/GuestRow';
import type { GuestKey } from '../live/fleet';
import { useLive } from '../live/store';
import { Note } from '../parts/Note';
import { Status } from '../parts/Status';
import { summon, useTreeView } from '../tree/view';
import { words } from '../words/en';
import { Foot } from './Foot';
import { Marked } from './Marked';

const text = words.panel;
const SHOWN = 200;

export function SelectionPanel() {
  const ticked = useTreeView((tree) => tree.ticked);
  const fleet = useLive((live) => live.fleet);
  const guests = useMemo(() => [...ticked].flatMap((key) => fleet.guests.get(key as GuestKey) ?? []).toSorted((a, b) => a.vmid - b.vmid), [ticked, fleet]);
  const scope = useMemo(() => ({ ...scopeOfGuests(fleet, guests), one: null }), [fleet, guests]);
  const counts = guests.map(pending);
  const total = counts.reduce((sum, one) => sum + (one?.total ?? 0), 0);
  const security = counts.reduce((sum, one) => sum + (one?.security ?? 0), 0);
  const clear = () => {
    useTreeView.setState({ ticked: new Set(), anchor: null });
    summon();
  };
  return (
    <Several
      title={text.selected(guests.length)} scope={scope} total={total} security={security}
      leave={<button type="button" className="button ghost compact" onClick={clear}>{words.clear}<kbd className="kbd">Esc</kbd></button>}
    >
      <Marked approved={guests.reduce((sum, guest) => sum + guest.approved, 0)} aside={counts.reduce((sum, one) => sum + (one?.ignored ?? 0), 0)} />
    </Several>
  );
}

interface Props {
  title: string;
  scope: Scope;
  total: number;
  security: number;
  /** The button that ends it. */
  leave: ReactNode;
  /** Beside the sums. */
  children?: ReactNode;
}

/** Those that are ticked, or those of a group. */
export function Several({ title, scope, total, security, leave, children }: Props) {
  const { guests, part } = scope;
  const nodes = new Set(guests.map((guest) => `${guest.cluster}/${guest.node}`)).size;
  const images = part?.images === true;
  const verdict = action(images ? 'update-images' : 'update').when(scope);
  return (
    <>
      <div className="panel-head">
        <div className="hs">
          <h2 className="el" title={title}>{title}</h2>
          <span className="fill" />
          {leave}
        </div>
        <div className="small t3 mt-1">{[part === null ? null : words.lxcs(guests.length), text.nodes(nodes)].filter(Boolean).join(' · ')}</div>
      </div>
      <div className="panel-body scrolls">
        <div className="sect ruled"><b>{text.together}</b></div>
        <dl className="pairs px-4 pb-3">
          <dt>{text.updates}</dt>
          <dd className="hs wide wraps">
            {security > 0 && <Status tone="sec" glyph="sec">{words.updateState.security(security)}</Status>}
            {(security === 0 || total > security) && <Status tone="info" glyph="upd">{security > 0 ? text.otherUpdates(total - security) : words.updates(total)}</Status>}
            {children}
          </dd>
        </dl>
        {guests.slice(0, SHOWN).map((guest) => <One key={guest.id} guest={guest} />)}
        {verdict.able && verdict.note !== null && <div className="p-4 ruled"><Note>{verdict.note}.</Note></div>}
      </div>
      <Foot scope={scope} images={images} />
    </>
  );
}

function One({ guest }: { guest: GuestRow }) {
  const counts = pending(guest);
  const fleet = useLive((live) => live.fleet);
  const verdict = action('update').when(scopeOfGuests(fleet, [guest]));
  return (
    <div className="several">
      <div className="hs">
        <span className="id">{guest.vmid}</span>
        <span className="el medium">{guest.name}</span>
        <span className="fill" />
        {counts !== null && counts.security > 0 && <span className="small"><Status tone="sec" glyph="sec">{words.updateState.security(counts.security)}</Status></span>}
      </div>
      <div className="hs small t3 pl-7.5">
        <span>{counts === null ? words.updateState.unknown : words.updates(counts.total)}</span>
        <span className="fill" />
        {!verdict.able && <span className="el">{verdict.why}</span>}
      </div>
    </div>
  );
}
