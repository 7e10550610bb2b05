// The log of the chosen job. Follows its end until the reader scrolls away.
import { useEffect, useRef, useState } from 'react';
import type { Job } from '../bindings/Job';
import type { LogLine } from '../bindings/LogLine';
import { CopyButton } from '../parts/CopyBox';
import { ErrorNote } from '../parts/Note';
import { TickLine } from '../parts/Tick';
import { words } from '../words/en';
import { timeWithSeconds } from '../words/format';
import { useLog } from './useLog';

const text = words.operations;
/** A longer log is shown from its end; all of it can be copied. */
const SHOWN = 3000;

export function JobLog({ job }: { job: Job | null }) {
  const { lines, problem } = useLog(job?.id ?? null);
  const [follow, setFollow] = useState(true);
  const box = useRef<HTMLDivElement>(null);

  useEffect(() => {
    const element = box.current;
    if (follow && element !== null && lines.length > 0) element.scrollTop = element.scrollHeight;
  }, [lines, follow]);

  function onScroll(): void {
    const element = box.current;
    if (element === null) return;
    const end = element.scrollHeight - element.scrollTop - element.clientHeight < 24;
    if (end !== follow) setFollow(end);
  }

  const skipped = Math.max(0, lines.length - SHOWN);
  return (
    <section className="log-side" aria-label={text.log}>
      <div className="drawer-head border-b border-line">
        <h2>{text.log}</h2>
        {job !== null && <span className="hs t2"><span className="id">{job.vmid}</span><span>{job.name}</span></span>}
        <span className="fill" />
        <TickLine checked={follow} onChange={setFollow}><span className="small t2">{text.follow}</span></TickLine>
        <CopyButton text={lines.map(plain).join('\n')} />
      </div>
      {problem !== null && <div className="p-3"><ErrorNote error={problem} /></div>}
      <div className="log" ref={box} onScroll={onScroll} tabIndex={0} role="log" aria-live="off" aria-label={text.log} data-testid="log">
        {lines.length === 0 && <span className="t3">{job?.endedAt == null ? text.noLog : text.noLogAtAll}</span>}
        {/* oxlint-disable-next-line react/no-array-index-key -- lines are only ever added, so a place is an identity */}
        {lines.slice(skipped).map((line, i) => <Line key={skipped + i} line={line} />)}
      </div>
    </section>
  );
}

function Line({ line }: { line: LogLine }) {
  return (
    <div className={`log-line ${line.level}`}>
      <span>{timeWithSeconds(line.at)}</span>
      <span>{words.levels[line.level]}</span>
      <span>{line.text}</span>
    </div>
  );
}

const plain = (line: LogLine) => `${timeWithSeconds(line.at)}  ${words.levels[line.level].padEnd(4)}  ${line.text}`;
