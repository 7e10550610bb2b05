// The rows of the list: an image with how its uses stand, and one LXC that uses it.
import { ChevronDown, ChevronRight } from 'lucide-react';
import type { ImageUse } from '../bindings/ImageUse';
import { useNow } from '../live/clock';
import { familiar, saidOf, shortDigest, sinceOf, toldOf } from '../panel/images';
import { ReleaseNotes, TagsBeside } from '../panel/NewerTags';
import { hasJumps } from '../panel/newer';
import { Status } from '../parts/Status';
import { words } from '../words/en';
import { exact } from '../words/format';
import { isPastOnly, type Sums } from './list';
import { type Placed, place } from './placed';
import { RenewButton } from './RenewButton';
import { guestsToRenew } from './renewing';

const text = words.fleetImages;

export function ImageRow({ row, top, at, onToggle }: Placed<'image'> & { onToggle: (key: string) => void }) {
  const { image, sums, news } = row;
  const name = familiar(image.image);
  const Twist = row.open ? ChevronDown : ChevronRight;
  return (
    <div className={isPastOnly(sums) ? 'line-row group past' : 'line-row group'} role="row" aria-rowindex={at + 2} style={place(top)} onClick={() => onToggle(row.key)} data-testid={`fleet-image-${image.image}`} data-image={name}>
      <span role="cell" className="hs">
        <button type="button" className="act-open" aria-expanded={row.open} aria-label={text.open(name)} onClick={(event) => { event.stopPropagation(); onToggle(row.key); }}>
          <Twist className="icon small" aria-hidden />
          <span className="t1 el" title={image.image}>{name}</span>
        </button>
      </span>
      <span role="cell" className="hs wide" title={sumsInWords(sums)}><Uses sums={sums} />{hasJumps(news.newer) && <TagsBeside newer={news.newer} />}</span>
      <span role="cell" className="el">{text.spread(sums.lxcs, sums.containers)}</span>
      <span role="cell" className="t3 el">{image.registry ?? text.noRegistry}</span>
      <span role="cell" className="ends">{sums.update > 0 && <RenewButton image={image.image} guests={guestsToRenew(image)} />}</span>
    </div>
  );
}

const PARTS = [
  ['update', { tone: 'info', glyph: 'upd' }], ['unclear', { tone: 'mute', glyph: 'unk' }], ['current', { tone: 'ok', glyph: 'ok' }], ['quiet', { tone: 'mute', glyph: 'uns' }], ['old', { tone: 'caution', glyph: 'old' }],
] as const;

function Uses({ sums }: { sums: Sums }) {
  return PARTS.map(([part, shape]) => (sums[part] === 0 ? null : <Status key={part} {...shape}>{text.uses[part](sums[part])}</Status>));
}

const sumsInWords = (sums: Sums): string => PARTS.flatMap(([part]) => (sums[part] === 0 ? [] : text.uses[part](sums[part]))).join(' · ');

export function UseRow({ row, top, at }: Placed<'use'>) {
  const { use, image, news } = row;
  const { inUse } = use;
  const containers = text.containers(inUse.containers);
  const where = text.at(use.node, use.cluster);
  return (
    <div className={use.old ? 'line-row below past' : 'line-row below'} role="row" aria-rowindex={at + 2} style={place(top)} data-testid={`use-${use.vmid}-${image.image}`} data-state={inUse.checked.state.kind}>
      <span role="cell" className="hs">
        <span className="id">{use.vmid}</span>
        <span className="t1 el" title={use.name}>{use.name}</span>
      </span>
      <span role="cell" className="hs">
        <Standing use={use} />
        {hasJumps(news.newer) && <TagsBeside newer={news.newer} />}
        {news.notes !== null && <ReleaseNotes page={news.notes} image={image.image} />}
      </span>
      <span role="cell" className={containers === '' ? 't3 el' : 'el'} title={containers}>{containers === '' ? text.noContainers : containers}</span>
      <span role="cell" className="t3 el" title={where}>{where}</span>
      <span role="cell"><Since use={use} /></span>
    </div>
  );
}

/** What is only known from an earlier time is no good news of today. */
function Standing({ use: { inUse, old } }: { use: ImageUse }) {
  const now = useNow();
  const { state } = inUse.checked;
  const { word, ...shape } = saidOf(state, old);
  const told = toldOf(state, now);
  return (
    <>
      <Status {...shape}>{word}</Status>
      {state.kind === 'update' && <span className={old ? 'mono t3' : 'mono t1'} title={state.digest}>{shortDigest(state.digest)}</span>}
      {told !== '' && <span className="el t3" title={told}>{told}</span>}
    </>
  );
}

function Since({ use: { inUse: { checked }, old } }: { use: ImageUse }) {
  const since = sinceOf(checked, useNow());
  if (old) return <Status tone="caution" glyph="old" title={since ?? undefined}>{text.old}</Status>;
  return since === null || checked.at === null ? null : <span className="t3" title={exact(checked.at)}>{since}</span>;
}
