// All images of the fleet: which are shown, their sums, and the list. Only what is on the screen is drawn.
import { Container, RefreshCw } from 'lucide-react';
import { useMemo, useState } from 'react';
import type { FleetImage } from '../bindings/FleetImage';
import type { FleetImages } from '../bindings/FleetImages';
import { useLive } from '../live/store';
import { useRows } from '../updates/useRows';
import { words } from '../words/en';
import { ImageRow, UseRow } from './ImageRows';
import { isUnclear, type Only, type Row, rowsOf, search, type Shown, shownOf, withoutDoubles } from './list';
import { NewsRow } from './NewsRow';
import { Rhythm } from './Rhythm';

const text = words.fleetImages;

interface Props {
  read: FleetImages;
  only: Only;
  find: string;
  loading: boolean;
  onAgain: () => void;
}

export function ImageList({ read, only, find, loading, onAgain }: Props) {
  const { images } = read;
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set());
  const found = useMemo(() => search(withoutDoubles(images), find), [images, find]);
  const shown = useMemo(() => shownOf(found, only), [found, only]);
  const rows = useMemo(() => rowsOf(shown, open), [shown, open]);
  function toggle(key: string): void {
    const next = new Set(open);
    if (!next.delete(key)) next.add(key);
    setOpen(next);
  }
  if (images.length === 0) return <NoImages />;
  return (
    <>
      <div className="sums small t3">
        <p className="hs" role="status" data-testid="images-sums">
          {shown.length > 0 ? sumsInWords(shown) : <span className="t2">{found.length === 0 ? text.noMatch(find.trim()) : whyNone(found, only)}</span>}
          <button type="button" className="button ghost square compact" aria-label={text.again} title={text.again} disabled={loading} onClick={onAgain} data-testid="images-again"><RefreshCw className="icon small" aria-hidden /></button>
        </p>
        <span className="fill" />
        <Rhythm read={read} />
      </div>
      {shown.length > 0 && <Table rows={rows} onToggle={toggle} />}
    </>
  );
}

function sumsInWords(shown: readonly Shown[]): string {
  const lxcs = new Set(shown.flatMap(({ image }) => image.uses.map(({ guest }) => guest)));
  return text.sums(shown.length, lxcs.size, shown.filter(({ sums }) => sums.update > 0).length, shown.filter(({ sums }) => isUnclear(sums)).length);
}

const whyNone = (found: readonly FleetImage[], only: Only): string => (only === 'updates' ? text.noneUpdates(shownOf(found, 'unclear').length) : text.noneUnclear);

function Table({ rows, onToggle }: { rows: readonly Row[]; onToggle: (key: string) => void }) {
  const { body, height, items } = useRows(rows.length, (at) => rows[at]?.key ?? String(at));
  return (
    <div className="update-list image-list" role="table" aria-label={text.title} aria-rowcount={rows.length + 1}>
      <div role="rowgroup">
        <div className="line-row head" role="row" aria-rowindex={1}>
          {(['image', 'state', 'where', 'registry', 'checked'] as const).map((column) => <span key={column} role="columnheader">{text.columns[column]}</span>)}
        </div>
      </div>
      <div ref={body} className="update-body scrolls" role="rowgroup" data-testid="images-list">
        <div role="presentation" style={{ height, position: 'relative' }}>
          {items.map(({ index, top }) => {
            const row = rows[index];
            if (row === undefined) return null;
            if (row.kind === 'image') return <ImageRow key={row.key} row={row} top={top} at={index} onToggle={onToggle} />;
            return row.kind === 'news' ? <NewsRow key={row.key} row={row} top={top} at={index} /> : <UseRow key={row.key} row={row} top={top} at={index} />;
          })}
        </div>
      </div>
    </div>
  );
}

/** That none is known does not mean that there is none. */
function NoImages() {
  const empty = useLive((live) => live.fleet.shape.clusters.length === 0);
  return (
    <div className="empty" data-testid="images-none">
      <Container className="t3" size={40} strokeWidth={1.2} aria-hidden />
      <h2>{empty ? text.noFleet : text.none}</h2>
      <p>{empty ? text.noFleetText : text.noneText}</p>
    </div>
  );
}
