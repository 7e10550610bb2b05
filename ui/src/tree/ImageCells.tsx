// The cell of a row that tells of its container images: those with a new digest, then those of which nobody could say.
import { clsx } from 'clsx';
import type { ReactNode } from 'react';
import type { GuestRow } from '../bindings/GuestRow';
import type { ImageCounts } from '../bindings/ImageCounts';
import { imagesBelow, isPast } from '../live/images';
import { useLive } from '../live/store';
import { Status } from '../parts/Status';
import { words } from '../words/en';
import { count } from '../words/format';
import { Cell as ColumnCell } from './Cell';
import { NONE } from './cells';

const text = words.images;

function Cell({ title, children }: { title?: string | undefined; children: ReactNode }) {
  return <ColumnCell column="images" title={title}>{children}</ColumnCell>;
}

const isQuiet = ({ updates, unclear }: ImageCounts): boolean => updates === 0 && unclear === 0;

/** Under the head of the column a figure is its own word; readers hear the word too. */
function Unclear({ n }: { n: number }) {
  return n === 0 ? null : <Status tone="mute" glyph="unk">{count(n)}<span className="unseen">{` ${text.unclear}`}</span></Status>;
}

export function GuestImages({ guest }: { guest: GuestRow }) {
  const { images } = guest;
  if (images === null) return <Cell>{NONE}</Cell>;
  const past = isPast(guest);
  const title = past ? text.pastTitle(text.title(images)) : text.title(images);
  const { total, updates, unclear } = images;
  if (total === 0 && unclear === 0) return <Cell title={title}>{NONE}</Cell>;
  // `0 of 5` is good news: it is not said where nobody could say of some.
  return (
    <Cell title={title}>
      {(updates > 0 || unclear === 0) && (
        <>
          <span className={clsx(past && 'past')}>{count(updates)}</span>
          <span className={clsx('of', past && 'past')}>{` ${text.of(total)}`}<span className="unseen">{` ${text.heard(past)}`}</span></span>
        </>
      )}
      <Unclear n={unclear} />
    </Cell>
  );
}

function Sum({ counts: { updates, unclear }, past }: { counts: ImageCounts; past: boolean }) {
  return (
    <>
      {updates > 0 && <span className={clsx(past && 'past')}>{count(updates)}<span className="unseen">{` ${text.updates(updates)}`}</span></span>}
      <Unclear n={unclear} />
    </>
  );
}

/** Of a cluster or node: the sum of what is current, and beside it, greyed, what is only known from an earlier time. */
export function PlaceImages({ rowKey }: { rowKey: string }) {
  const { now, past } = useLive((live) => imagesBelow(live.fleet, rowKey));
  if (isQuiet(now) && isQuiet(past)) return <Cell title={now.total > 0 ? text.title(now) : undefined}>{NONE}</Cell>;
  const aside = past.updates > 0 ? words.updateState.pastTitle(past.updates) : null;
  if (isQuiet(now)) return <Cell title={aside ?? text.pastTitle(text.title(past))}><Sum counts={past} past /></Cell>;
  return (
    <Cell title={[text.title(now), aside].filter(Boolean).join(' · ')}>
      <Sum counts={now} past={false} />
      {past.updates > 0 && now.unclear === 0 && <span className="past cap">{words.updateState.past(past.updates)}</span>}
    </Cell>
  );
}
