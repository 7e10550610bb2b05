// The LXCs of an operation as a grid: one row each, one column a step. Only the rows on the screen are drawn.
import { defaultRangeExtractor, useVirtualizer } from '@tanstack/react-virtual';
import { clsx } from 'clsx';
import { type CSSProperties, type KeyboardEvent, useCallback, useLayoutEffect, useMemo, useRef } from 'react';
import type { Job } from '../bindings/Job';
import type { OperationKind } from '../bindings/OperationKind';
import type { StepKind } from '../bindings/StepKind';
import { words } from '../words/en';
import { JobRow } from './JobRow';
import { stepsShown } from './steps';

const text = words.operations;
/** One job has room for words in its cells; many have a glyph each and one cell of words at the end. */
const ROW = { one: 36, many: 28 };
const COLUMNS = {
  one: (steps: number) => `minmax(150px, 1.5fr) repeat(${steps}, minmax(76px, 1fr)) minmax(88px, 1fr) 48px`,
  many: (steps: number) => `minmax(168px, 1fr) repeat(${steps}, minmax(40px, 76px)) minmax(160px, 1.8fr) 48px`,
};

interface Props {
  kind: OperationKind;
  /** All of them: what is drawn of one must not depend on what a filter hides. */
  jobs: readonly Job[];
  shown: readonly Job[];
  chosen: string | null;
  onChoose: (job: string) => void;
}

export function JobTable({ kind, jobs, shown, chosen, onChoose }: Props) {
  const body = useRef<HTMLDivElement>(null);
  /** The row that gets the page's focus as soon as it is drawn. */
  const wanted = useRef<string | null>(null);
  const form = jobs.length > 1 ? 'many' : 'one';
  const height = ROW[form];
  const names = stepsShown(jobs).join(' ');
  // The same columns are the same array, so that a row is drawn anew only for itself.
  const steps = useMemo(() => names.split(' ').filter(Boolean) as StepKind[], [names]);
  const style = { '--steps': COLUMNS[form](steps.length) } as CSSProperties;

  const at = shown.findIndex((job) => job.id === chosen);
  const stop = Math.max(0, at);
  // The row with the tab stop is always among the drawn ones, so that the focus never falls off.
  const rangeExtractor = useCallback(
    (range: Parameters<typeof defaultRangeExtractor>[0]) => {
      const drawn = defaultRangeExtractor(range);
      return stop >= range.count || drawn.includes(stop) ? drawn : [...drawn, stop].toSorted((a, b) => a - b);
    },
    [stop],
  );
  const virtual = useVirtualizer({
    count: shown.length,
    getScrollElement: () => body.current,
    estimateSize: () => height,
    getItemKey: (i) => shown[i]?.id ?? i,
    overscan: 8,
    rangeExtractor,
  });

  useLayoutEffect(() => {
    if (wanted.current === null || wanted.current !== chosen) return;
    const row = body.current?.querySelector<HTMLElement>('[aria-selected="true"]');
    if (row === null || row === undefined) return;
    wanted.current = null;
    row.focus({ preventScroll: true });
  });

  function onKeyDown(event: KeyboardEvent): void {
    const page = Math.max(1, Math.floor((virtual.scrollRect?.height ?? 0) / height) - 1);
    const to = target(event.key, at, page, shown.length - 1);
    const next = to === null ? undefined : shown[to];
    if (to === null || next === undefined) return;
    event.preventDefault();
    wanted.current = next.id;
    onChoose(next.id);
    virtual.scrollToIndex(to);
  }

  return (
    <div className={clsx('jobs', form)} role="grid" aria-label={text.jobs} aria-rowcount={shown.length + 1} style={style} data-testid="jobs">
      <div role="rowgroup">
        <div className="line-row head" role="row" aria-rowindex={1}>
          <span role="columnheader">{text.lxc}</span>
          {steps.map((step) => <span key={step} role="columnheader" className="el" title={text.steps[step].head}>{text.steps[step].head}</span>)}
          <span role="columnheader">{form === 'many' ? text.nowAt : text.result}</span>
          <span role="columnheader" className="num">{text.time}</span>
        </div>
      </div>
      <div ref={body} className="scrolls" role="rowgroup" onKeyDown={onKeyDown} style={{ height: shown.length * height, position: 'relative' }}>
        <div role="presentation" style={{ height: shown.length * height, position: 'relative' }}>
          {virtual.getVirtualItems().map((item) => {
            const job = shown[item.index];
            if (job === undefined) return null;
            return (
              <JobRow
                key={job.id}
                kind={kind}
                job={job}
                steps={steps}
                many={form === 'many'}
                at={item.index}
                top={item.index * height}
                chosen={item.index === at}
                stop={item.index === stop}
                onChoose={onChoose}
              />
            );
          })}
        </div>
      </div>
    </div>
  );
}

/** Where a key leads from `at`, or nowhere. */
function target(key: string, at: number, page: number, last: number): number | null {
  const within = (to: number) => Math.max(0, Math.min(last, to));
  switch (key) {
    case 'ArrowDown':
      return within(at + 1);
    case 'ArrowUp':
      return within(at - 1);
    case 'PageDown':
      return within(at + page);
    case 'PageUp':
      return within(at - page);
    case 'Home':
      return 0;
    case 'End':
      return last;
    default:
      return null;
  }
}
