// What the panels of clusters and nodes have in common: head, sums below, ages, foot.
import type { ReactNode } from 'react';
import { scopeOfRow } from '../actions/scope';
import type { Link } from '../bindings/Link';
import type { UpdateCounts } from '../bindings/UpdateCounts';
import { useNow } from '../live/clock';
import { approvedBelow } from '../live/approved';
import { guestsBelow } from '../live/fleet';
import { useLive } from '../live/store';
import { Status } from '../parts/Status';
import { LinkState } from '../tree/cells';
import { useTreeView } from '../tree/view';
import { words } from '../words/en';
import { age, count, exact } from '../words/format';
import { CloseButton } from './CloseButton';
import { Foot } from './Foot';
import { Marked } from './Marked';

const text = words.panel;

interface HeadProps {
  name: string;
  link: Link;
  quorate: boolean | null;
  version: string | null;
  /** Why it is not the present. It stays in sight while the rest is scrolled. */
  note: ReactNode;
}

export function Head({ name, link, quorate, version, note }: HeadProps) {
  return (
    <div className="panel-head">
      <div className="hs"><h2 className="el" title={name}>{name}</h2><span className="fill" /><CloseButton /></div>
      <div className="hs wide small t2 mt-1">
        <LinkState link={link} online={{ quorate }} />
        {version !== null && <span className="el">{`${text.version} ${version}`}</span>}
      </div>
      {note}
    </div>
  );
}

export function Below({ rowKey, updates, past }: { rowKey: string; updates: UpdateCounts; past: UpdateCounts }) {
  const guests = useLive((live) => guestsBelow(live.fleet, rowKey).length);
  const approved = useLive((live) => approvedBelow(live.fleet, rowKey));
  return (
    <>
      <dt>{text.guests}</dt>
      <dd>{count(guests)}</dd>
      <dt>{text.updates}</dt>
      <dd className="hs wide wraps" data-testid="below-updates">
        {updates.security > 0 && <Status tone="sec" glyph="sec">{words.updateState.security(updates.security)}</Status>}
        {updates.total > 0 && <Status tone="info" glyph="upd">{count(updates.total)}</Status>}
        {updates.total === 0 && past.total > 0 && <span className="t3"><Status tone="mute" glyph="upd" title={words.updateState.pastTitle(past.total)}>{count(past.total)}</Status></span>}
        {updates.total === 0 && past.total === 0 && words.none}
        {updates.total > 0 && past.total > 0 && <span className="t3" title={words.updateState.pastTitle(past.total)}>{words.updateState.past(past.total)}</span>}
        <Marked approved={approved} aside={updates.ignored} />
      </dd>
    </>
  );
}

export function Ago({ at }: { at: number | null }) {
  const now = useNow();
  return at === null ? <>{words.none}</> : <span title={exact(at)}>{words.cluster.since(age(at, now))}</span>;
}

export function PlaceFoot({ rowKey }: { rowKey: string }) {
  const fleet = useLive((live) => live.fleet);
  const filtered = useTreeView((tree) => tree.filter.trim() !== '');
  const scope = scopeOfRow(fleet, rowKey, filtered);
  return scope === null ? null : <Foot scope={scope} />;
}
