// Newer tags beside the one in use, and the link to what is new: information, never an update that is counted.
import { ExternalLink } from 'lucide-react';
import { Fragment } from 'react';
import type { ImageInUse } from '../bindings/ImageInUse';
import type { NewerTags } from '../bindings/NewerTags';
import { useNow } from '../live/clock';
import { words } from '../words/en';
import { exact } from '../words/format';
import { familiar } from './images';
import { hasJumps, jumpsOf, listedInWords, newerInWords, noneInWords, pageOf } from './newer';

const text = words.images.newer;

function Tags({ newer }: { newer: NewerTags }) {
  return (
    <>
      {text.head}
      {jumpsOf(newer).map(({ kind, tag }, i) => (
        <Fragment key={kind}>
          {i > 0 && ', '}
          <span className="mono t2">{tag}</span> {text.jumps[kind]}
        </Fragment>
      ))}
    </>
  );
}

/** In a row with other things: what does not fit is in its tooltip, and so is its age. */
export function TagsBeside({ newer }: { newer: NewerTags }) {
  return <span className="el t3" title={newerInWords(newer, useNow())}><Tags newer={newer} /></span>;
}

export function ReleaseNotes({ page, image }: { page: string; image: string }) {
  return (
    <a className="link notes" href={page} target="_blank" rel="noreferrer" title={page} aria-label={text.notesOf(familiar(image))} onClick={(event) => event.stopPropagation()}>
      {text.notes}
      <ExternalLink className="icon small" aria-hidden />
    </a>
  );
}

/** Where there is room: with its age, and that none was listed. */
export function TagsListed({ newer, className }: { newer: NewerTags; className: string }) {
  const now = useNow();
  return (
    <span className={className} title={exact(newer.at)}>
      {hasJumps(newer) ? <><Tags newer={newer} />{` · ${listedInWords(newer, now)}`}</> : noneInWords(newer, now)}
    </span>
  );
}

/** The lines of the panel. */
export function News({ image: { image, newer, notes } }: { image: ImageInUse }) {
  const page = pageOf(notes);
  return (
    <>
      {newer !== null && <TagsListed newer={newer} className="why breaks" />}
      {page !== null && <div className="why"><ReleaseNotes page={page} image={image} /></div>}
    </>
  );
}
