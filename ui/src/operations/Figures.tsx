// How many jobs are in which state. Among many each figure is also a filter for the rows below.
import type { Job } from '../bindings/Job';
import type { JobState } from '../bindings/JobState';
import type { Operation } from '../bindings/Operation';
import { useSeconds } from '../live/clock';
import { Glyph, type GlyphName } from '../parts/Glyph';
import type { Tone } from '../parts/Status';
import { words } from '../words/en';
import { count, took } from '../words/format';
import { allJobs, summaryOf } from './counts';
import { SegmentBar } from './SegmentBar';

const text = words.operations;

const FIGURES: readonly [JobState, Tone, GlyphName][] = [
  ['succeeded', 'ok', 'ok'], ['running', 'busy', 'busy'], ['waiting', 'mute', 'wait'], ['failed', 'error', 'err'],
  ['interrupted', 'error', 'unr'], ['skipped', 'mute', 'uns'], ['cancelled', 'mute', 'uns'],
];

/** The states whose jobs are shown; all of them when there is none. */
export type Shown = ReadonlySet<JobState>;

interface Props {
  operation: Operation;
  jobs: readonly Job[] | null;
  states: Shown;
  /** Rows that the states let through. */
  rows: number;
  onShow: (states: Shown) => void;
}

const ALL: Shown = new Set<JobState>();

export function Figures({ operation, jobs, states, rows, onShow }: Props) {
  const { counts } = operation;
  const many = allJobs(counts) > 1;
  // A state that is filtered for keeps its figure when nobody is in it any more.
  const figures = FIGURES.filter(([state]) => counts[state] > 0 || states.has(state));
  function toggle(state: JobState): void {
    const next = new Set(states);
    if (!next.delete(state)) next.add(state);
    onShow(next);
  }
  return (
    <div className="counts" data-testid="operation-counts">
      <div className="figures" role={many ? 'group' : undefined} aria-label={many ? text.filter.label : undefined}>
        {figures.map(([state, tone, glyph]) => {
          const inside = (
            <>
              <span className={`status ${tone}`}><Glyph name={glyph} /></span>
              <span className="figure">{count(counts[state])}</span>
              <span className="t2">{text.counts[state]}</span>
            </>
          );
          const marks = { 'data-count': state, 'data-value': counts[state], 'data-testid': `count-${state}` };
          return many ? (
            <button key={state} type="button" className="figure-chip" aria-pressed={states.has(state)} onClick={() => toggle(state)} {...marks}>{inside}</button>
          ) : (
            <div key={state} className="hs" {...marks}>{inside}</div>
          );
        })}
      </div>
      {states.size > 0 && (
        <span className="hs small wide flex-none" data-testid="filter-shown">
          <span className="t3 num" role="status">{rows === 0 ? text.filter.none : text.filter.shown(rows, allJobs(counts))}</span>
          <button type="button" className="link" onClick={() => onShow(ALL)} data-testid="filter-all">{text.filter.all}</button>
        </span>
      )}
      <span className="fill" />
      <div className="progress">
        <SegmentBar counts={counts} jobs={jobs} />
        <div className="hs small t3 mt-1.5">
          {many && <span className="t2 el" data-testid="operation-summary">{summaryOf(operation)}</span>}
          <span className="flex-none">{operation.endedAt === null ? <SoFar since={operation.beganAt} /> : text.tookAll(took(operation.endedAt - operation.beganAt))}</span>
          <span className="fill" />
          {operation.endedAt === null && operation.percent !== null && <span className="num">{`${operation.percent} %`}</span>}
        </div>
      </div>
    </div>
  );
}

function SoFar({ since }: { since: number }) {
  return <>{text.soFar(took(useSeconds() - since))}</>;
}
