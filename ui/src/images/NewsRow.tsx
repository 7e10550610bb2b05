// Below an opened image: what its registry lists beside its tag, and where to read what is new.
import { ReleaseNotes, TagsListed } from '../panel/NewerTags';
import { hasJumps } from '../panel/newer';
import { words } from '../words/en';
import { type Placed, place } from './placed';

const text = words.images.newer;

export function NewsRow({ row: { image, news: { newer, notes } }, top, at }: Placed<'news'>) {
  return (
    <div className="line-row below" role="row" aria-rowindex={at + 2} style={place(top)} data-testid={`news-${image.image}`}>
      <span role="cell" aria-colspan={5} className="hs wide news t3">
        {newer !== null && <TagsListed newer={newer} className="el listed" />}
        {notes !== null && <ReleaseNotes page={notes} image={image.image} />}
        {hasJumps(newer) && <span className="el" title={text.where}>{text.where}</span>}
      </span>
    </div>
  );
}
