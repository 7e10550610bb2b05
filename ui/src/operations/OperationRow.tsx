// One operation in a line: number, what, how it stands, bar, time, figure.
import { memo } from 'react';
import { go } from '../app/place';
import { useNow, useSeconds } from '../live/clock';
import { useOperation } from '../live/store';
import { Meter, Status } from '../parts/Status';
import { words } from '../words/en';
import { duration, exact, when } from '../words/format';
import { allJobs, doneJobs, failedJobs, standing } from './counts';

export const OperationRow = memo(function OperationRow({ id }: { id: string }) {
  const operation = useOperation(id);
  if (operation === undefined) return null;
  const { tone, glyph, word } = standing(operation);
  const { counts } = operation;
  const ended = operation.endedAt !== null;
  const share = ended ? 1 : operation.percent === null ? doneJobs(counts) / Math.max(1, allJobs(counts)) : operation.percent / 100;
  const figure = `${Math.round(share * 100)} %`;
  const bar = !ended ? 'busy' : failedJobs(counts) > 0 ? 'error' : counts.succeeded > 0 ? 'ok' : undefined;
  return (
    <button type="button" className="drawer-row" onClick={() => go({ view: 'operation', id, job: null })} data-testid={`operation-${operation.number}`} data-kind={operation.kind} data-ended={ended}>
      <span className="id">{`#${operation.number}`}</span>
      <span className="el t1">{words.operations.name(operation.kind, operation.subject)}</span>
      <span className="hs el">
        <Status tone={tone} glyph={glyph}>{word}</Status>
        {!ended && operation.now?.detail != null && <span className="t3 el" title={operation.now.detail}>{operation.now.detail}</span>}
      </span>
      <Meter share={share} label={figure} tone={bar} />
      <span className="num t3">{ended ? duration((operation.endedAt ?? 0) - operation.beganAt) : <Running since={operation.beganAt} />}</span>
      <span className="num">{ended ? <Ended at={operation.endedAt ?? 0} /> : figure}</span>
    </button>
  );
});

/** A time that runs. */
export function Running({ since }: { since: number }) {
  return <>{duration(useSeconds() - since)}</>;
}

function Ended({ at }: { at: number }) {
  const now = useNow();
  return <span title={exact(at)}>{when(at, now)}</span>;
}
