// The cell of a row that tells of its container images: those with a new digest, then those of which nobody could say.
import type { ReactNode } from 'react';
import type { GuestRow } from '../bindings/GuestRow';
import type { ImageCounts } from '../bindings/ImageCounts';
import { imagesBelow, isPast } from '../live/images';
import { useLive } from '../live/store';
import { Status } from '../parts/Status';
import { words } from '../words/en';
import { count } from '../words/format';
import { NONE } from './cells';

const text = words.images;

function Cell({ title, children }: { title?: string | undefined; children?: ReactNode }) {
  return <span role="gridcell" data-cell className="images" title={title}>{children}</span>;
}

/** Under the head of the column a figure is its own word; readers hear the word too, and a wide column shows the lone one's. */
function Figures({ counts: { updates, unclear }, past }: { counts: ImageCounts; past: boolean }) {
  return (
    <>
      {updates > 0 && (
        <span className={past ? 'past' : undefined}>
          <Status tone={past ? 'mute' : 'info'} glyph="upd" figure>{count(updates)}<span className="unseen">{` ${text.updates(updates)}`}</span></Status>
        </span>
      )}
      {unclear > 0 && <Status tone="mute" glyph="unk">{count(unclear)}<span className={updates > 0 ? 'unseen' : 'worded'}>{` ${text.unclear}`}</span></Status>}
    </>
  );
}

const isQuiet = ({ updates, unclear }: ImageCounts): boolean => updates === 0 && unclear === 0;

export function GuestImages({ guest }: { guest: GuestRow }) {
  const { images } = guest;
  // No container engine: there is nothing to say.
  if (images === null) return <Cell />;
  const title = text.title(images);
  const past = isPast(guest);
  if (!isQuiet(images)) return <Cell title={title}><Figures counts={images} past={past} /></Cell>;
  return <Cell title={title}>{images.total === 0 ? NONE : <UpToDate total={images.total} past={past} />}</Cell>;
}

/** Where the column has no room for the words, the figure of its images stands for them; greyed it is that of another time. */
function UpToDate({ total, past }: { total: number; past: boolean }) {
  return (
    <Status tone={past ? 'mute' : 'ok'} glyph="ok">
      <span className="worded">{past ? text.wasUpToDate : text.upToDate}</span>
      <span className="brief" aria-hidden="true">{count(total)}</span>
    </Status>
  );
}

/** Of a cluster or node: the sum of what is current, and beside it, greyed, what is only known from an earlier time. */
export function PlaceImages({ rowKey }: { rowKey: string }) {
  const { now, past } = useLive((live) => imagesBelow(live.fleet, rowKey));
  if (now.total === 0 && now.unclear === 0 && past.total === 0 && past.unclear === 0) return <Cell />;
  const aside = past.updates > 0 ? words.updateState.pastTitle(past.updates) : null;
  if (isQuiet(now) && isQuiet(past)) return <Cell title={now.total > 0 ? text.title(now) : undefined}>{NONE}</Cell>;
  if (isQuiet(now)) return <Cell title={aside ?? text.title(past)}><Figures counts={past} past /></Cell>;
  return (
    <Cell title={[text.title(now), aside].filter(Boolean).join(' · ')}>
      <Figures counts={now} past={false} />
      {past.updates > 0 && now.unclear === 0 && <span className="past cap">{words.updateState.past(past.updates)}</span>}
    </Cell>
  );
}
