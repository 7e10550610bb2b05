// The roads into LXCs, the best one marked, each with what it takes or why it does not work here.
import type { Fit } from '../bindings/Fit';
import type { Road } from '../bindings/Road';
import { rpc } from '../host';
import { useAsked } from '../live/asked';
import { openPaste } from '../paste/state';
import type { GlyphName } from '../parts/Glyph';
import { ErrorNote } from '../parts/Note';
import { Badge, Status, type Tone } from '../parts/Status';
import { words } from '../words/en';

const text = words.wizard.access.roads;

interface Props {
  cluster: string;
  /** One node; null: the whole cluster. */
  node: string | null;
  /** Stands for what was set up meanwhile. */
  mark: string;
  pause?: number;
}

export function RoadList({ cluster, node, mark, pause }: Props) {
  const { answer, problem, again } = useAsked(`${cluster} ${node ?? ''} ${mark}`, () => rpc('roads', { cluster, node }), pause);
  const roads = answer?.roads ?? [];
  if (problem !== null) return <ErrorNote error={problem} testId="roads-error" action={<button type="button" className="button compact" onClick={again}>{words.tryAgain}</button>} />;
  if (answer === null) return <p className="small t3" role="status">{text.reading}</p>;
  if (roads.length === 0) return null;
  const paste = () => void openPaste([node === null ? { kind: 'cluster', cluster } : { kind: 'node', node: { cluster, node } }]);
  return (
    <section className="card" aria-label={text.title} data-testid="roads">
      <div className="card-head">{text.title}</div>
      {roads.map((road, i) => <Row key={road.kind} road={road} best={i === 0 && road.fit !== 'no'} onPaste={paste} />)}
    </section>
  );
}

const FITS: Record<Fit, { tone: Tone; glyph: GlyphName }> = {
  ready: { tone: 'ok', glyph: 'ok' },
  needsSomething: { tone: 'mute', glyph: 'unk' },
  no: { tone: 'mute', glyph: 'uns' },
};

function Row({ road, best, onPaste }: { road: Road; best: boolean; onPaste: () => void }) {
  return (
    <div className="road" data-testid={`road-${road.kind}`} data-fit={road.fit}>
      <div className="hs">
        <span className="medium">{text.kinds[road.kind]}</span>
        {best && <Badge tone="info">{text.best}</Badge>}
        <span className="fill" />
        {road.kind === 'paste' ? (
          <button type="button" className="button ghost compact" onClick={onPaste} data-testid="road-paste-make">{text.make}</button>
        ) : (
          <Status {...FITS[road.fit]}>{text.fits[road.fit]}</Status>
        )}
      </div>
      <p className="small t2">{road.reason}</p>
    </div>
  );
}
