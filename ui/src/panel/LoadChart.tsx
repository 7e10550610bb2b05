// One figure of an LXC over time. The pointer or the arrow keys read single samples; a table says the same in numbers.
import { type KeyboardEvent, type PointerEvent, useState } from 'react';
import type { LoadPoint } from '../bindings/LoadPoint';
import type { TimeFrame } from '../bindings/TimeFrame';
import { words } from '../words/en';
import { type Chart, figuresOf, momentAt, pathOf, timeAt } from './load';

const text = words.load;
const WIDTH = 320;
const HEIGHT = 64;

export function LoadChart({ chart, points, frame }: { chart: Chart; points: readonly LoadPoint[]; frame: TimeFrame }) {
  const [at, setAt] = useState<number | null>(null);
  const top = chart.top(points);
  const last = points.length - 1;
  const shown = at === null || at > last ? null : at;
  const point = shown === null ? undefined : points[shown];
  const [first, end] = [points[0], points[last]];

  function onMove(event: PointerEvent<HTMLDivElement>): void {
    const box = event.currentTarget.getBoundingClientRect();
    const where = Math.max(0, Math.min(1, (event.clientX - box.left) / Math.max(1, box.width)));
    setAt(nearest(points, where));
  }
  function onKey(event: KeyboardEvent): void {
    const now = shown ?? last;
    const steps: Record<string, number> = { ArrowLeft: now - 1, ArrowDown: now - 1, ArrowRight: now + 1, ArrowUp: now + 1, Home: 0, End: last, PageUp: now + 10, PageDown: now - 10 };
    const next = steps[event.key];
    if (next === undefined) return;
    event.preventDefault();
    setAt(Math.max(0, Math.min(last, next)));
  }

  const values = (of: LoadPoint): string => chart.series.map((one) => {
    const value = one.of(of);
    const said = value === null ? text.unknown : chart.show(value);
    return chart.series.length === 1 ? said : `${one.name} ${said}`;
  }).join(', ');
  const spoken = end === undefined ? text.noneOf : text.at(values(point ?? end), momentAt((point ?? end).at, frame));
  return (
    <section className="load" aria-label={chart.name} data-testid={`load-${chart.id}`}>
      <div className="load-head">
        <b>{chart.name}</b>
        {chart.series.length > 1 && chart.series.map((one, i) => <span key={one.id} className={`legend line-${i}`}>{one.name}</span>)}
        <span className="fill" />
        <span className="num small el" data-testid={`load-${chart.id}-now`}>{point === undefined ? sumOf(chart, points) : text.at(values(point), momentAt(point.at, frame))}</span>
      </div>
      <div className="load-plot">
        <span className="load-top cap t3">{chart.show(top)}</span>
        <div
          className="load-area"
          role="slider"
          tabIndex={0}
          aria-label={text.chart(chart.name)}
          aria-valuemin={0}
          aria-valuemax={Math.max(0, last)}
          aria-valuenow={Math.max(0, shown ?? last)}
          aria-valuetext={spoken}
          onPointerMove={onMove}
          onPointerLeave={() => setAt(null)}
          onBlur={() => setAt(null)}
          onKeyDown={onKey}
          data-testid={`load-${chart.id}-area`}
        >
          <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
            <path className="grid" d={`M0 ${HEIGHT / 2}H${WIDTH}`} />
            {chart.series.map((one, i) => <path key={one.id} className={`line-${i}`} d={pathOf(points, one.of, top, WIDTH, HEIGHT)} data-testid={`load-line-${one.id}`} />)}
            {point !== undefined && first !== undefined && end !== undefined && <path className="cursor" d={`M${((point.at - first.at) / Math.max(1, end.at - first.at)) * WIDTH} 0V${HEIGHT}`} />}
          </svg>
        </div>
        {first !== undefined && end !== undefined && <div className="load-times cap t3"><span>{timeAt(first.at, frame)}</span><span>{timeAt((first.at + end.at) / 2, frame)}</span><span>{timeAt(end.at, frame)}</span></div>}
      </div>
      <Table chart={chart} points={points} />
    </section>
  );
}

/** The sample that is nearest to a share of the width. */
function nearest(points: readonly LoadPoint[], share: number): number {
  const [from, to] = [points[0]?.at ?? 0, points.at(-1)?.at ?? 0];
  const wanted = from + share * (to - from);
  let best = 0;
  points.forEach((point, i) => {
    if (Math.abs(point.at - wanted) < Math.abs((points[best]?.at ?? 0) - wanted)) best = i;
  });
  return best;
}

/** In short, while no sample is read. */
function sumOf(chart: Chart, points: readonly LoadPoint[]): string {
  const [first] = chart.series;
  if (first === undefined) return '';
  const all = chart.series.map((one) => figuresOf(points, one.of));
  if (all.every((figures) => figures === null)) return text.noneOf;
  if (chart.series.length > 1) return text.most(chart.show(Math.max(...all.map((figures) => figures?.most ?? 0))));
  const [only] = all;
  return only === null || only === undefined ? text.noneOf : `${text.mean(chart.show(only.mean))}, ${text.most(chart.show(only.most))}`;
}

function Table({ chart, points }: { chart: Chart; points: readonly LoadPoint[] }) {
  return (
    <table className="unseen" data-testid={`load-${chart.id}-table`}>
      <caption>{text.table(chart.name)}</caption>
      <thead><tr>{(['series', 'least', 'mean', 'most'] as const).map((column) => <th key={column} scope="col">{text.columns[column]}</th>)}</tr></thead>
      <tbody>
        {chart.series.map((one) => {
          const figures = figuresOf(points, one.of);
          return (
            <tr key={one.id}>
              <th scope="row">{one.name}</th>
              {(['least', 'mean', 'most'] as const).map((column) => <td key={column}>{figures === null ? text.noneOf : chart.show(figures[column])}</td>)}
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}
