// Every full discovery of a cluster that is still known: one line each, its errors opened in place.
import { ChevronDown, ChevronRight } from 'lucide-react';
import { useState } from 'react';
import type { DiscoveryEntry } from '../bindings/DiscoveryEntry';
import { useNow } from '../live/clock';
import { Status } from '../parts/Status';
import { words } from '../words/en';
import { exact, timeWithSeconds, when } from '../words/format';

const text = words.cluster.log;

export function DiscoveryLog({ runs, read }: { runs: readonly DiscoveryEntry[]; read: boolean }) {
  const [open, setOpen] = useState<ReadonlySet<number>>(new Set());
  if (runs.length === 0) return <p className="p-4 small t3">{read ? text.none : words.cluster.reading}</p>;
  function toggle(at: number): void {
    const next = new Set(open);
    if (!next.delete(at)) next.add(at);
    setOpen(next);
  }
  return (
    <>
      <div className="sect">{text.head}</div>
      {runs.map((run) => <Run key={`${run.beganAt} ${run.endedAt}`} run={run} open={open.has(run.beganAt)} onToggle={() => toggle(run.beganAt)} />)}
    </>
  );
}

function Run({ run, open, onToggle }: { run: DiscoveryEntry; open: boolean; onToggle: () => void }) {
  const failed = run.errors.length > 0;
  const what = <What run={run} />;
  if (!failed) return <div className="run-row" data-testid={`run-${run.beganAt}`}><span />{what}</div>;
  return (
    <>
      <button type="button" className="run-row" aria-expanded={open} onClick={onToggle} data-testid={`run-${run.beganAt}`}>
        {open ? <ChevronDown className="icon small" aria-hidden /> : <ChevronRight className="icon small" aria-hidden />}
        {what}
      </button>
      {open && (
        <div className="run-errors" data-testid={`run-errors-${run.beganAt}`}>
          {run.errors.map((error) => <p key={error} className="mono">{error}</p>)}
        </div>
      )}
    </>
  );
}

function What({ run }: { run: DiscoveryEntry }) {
  const now = useNow();
  const today = new Date(run.beganAt).toDateString() === new Date(now).toDateString();
  const moved = [run.new > 0 ? text.new(run.new) : null, run.gone > 0 ? text.gone(run.gone) : null].filter((part) => part !== null);
  return (
    <>
      <span className="t1 num left" title={exact(run.beganAt)}>{today ? timeWithSeconds(run.beganAt) : when(run.beganAt, now)}</span>
      <span className="el">{text.row(run)}</span>
      <span className="num">{tookShort(run.endedAt - run.beganAt)}</span>
      <span className="under hs wide">
        <span className={moved.length > 0 ? 't1' : 't3'}>{moved.length > 0 ? moved.join(', ') : text.same}</span>
        {run.errors.length > 0 && <Status tone="error" glyph="err">{text.errors(run.errors.length)}</Status>}
      </span>
    </>
  );
}

/** `< 0.1 s`, `0.4 s`, `12 s`: most discoveries take less than a second. */
function tookShort(milliseconds: number): string {
  const inSeconds = Math.max(0, milliseconds) / 1000;
  if (inSeconds < 0.1) return '< 0.1 s';
  return `${inSeconds < 10 ? inSeconds.toFixed(1) : Math.round(inSeconds)} s`;
}
