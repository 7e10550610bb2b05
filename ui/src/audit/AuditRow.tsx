// One act of the audit, and its detail opened in place.
import { ChevronDown, ChevronRight } from 'lucide-react';
import { memo } from 'react';
import { useNow } from '../live/clock';
import type { GlyphName } from '../parts/Glyph';
import { Status, type Tone } from '../parts/Status';
import { words } from '../words/en';
import { exact, timeWithSeconds, when } from '../words/format';
import type { Entry } from './useAudit';

const text = words.audit;

interface Props {
  entry: Entry;
  open: boolean;
  onToggle: (id: Entry['id']) => void;
}

export const AuditRow = memo(function AuditRow({ entry, open, onToggle }: Props) {
  const named = text.act(entry.act);
  return (
    <>
      <div className="line-row act" role="row" onClick={() => onToggle(entry.id)} data-testid={`audit-${entry.id}`} data-act={entry.act}>
        <span role="cell">
          <button
            type="button"
            className="act-open"
            aria-expanded={open}
            aria-label={`${exact(entry.at)}, ${text.detail}`}
            onClick={(event) => {
              event.stopPropagation();
              onToggle(entry.id);
            }}
          >
            {open ? <ChevronDown className="icon small" aria-hidden /> : <ChevronRight className="icon small" aria-hidden />}
            <When at={entry.at} />
          </button>
        </span>
        <span role="cell" className="el" title={entry.actor}>{entry.actor}</span>
        <span role="cell" className="hs">
          {named !== null && <span className="t1 el">{named}</span>}
          <span className={named === null ? 'mono t1 el' : 'mono t3 el act-word'} title={entry.act}>{entry.act}</span>
        </span>
        <span role="cell" className="t1 el" title={entry.target}>{entry.target}</span>
        <span role="cell" className="el"><Outcome outcome={entry.outcome} /></span>
        <span role="cell" className="mono el" title={entry.plan ?? undefined}>{entry.plan ?? words.none}</span>
      </div>
      {open && (
        <div className="act-detail" role="row" data-testid={`audit-detail-${entry.id}`}>
          <div role="cell" aria-colspan={6}>
            <dl className="pairs">
              <dt>{text.exactly}</dt>
              <dd>{exact(entry.at)}</dd>
              <dt>{text.detail}</dt>
              <dd className={entry.detail === null ? 't3' : 'mono'}>{entry.detail ?? text.noDetail}</dd>
              <dt>{text.columns.target}</dt>
              <dd>{entry.target}</dd>
              <dt>{text.columns.outcome}</dt>
              <dd>{entry.outcome}</dd>
              {entry.plan !== null && (
                <>
                  <dt>{text.fingerprint}</dt>
                  <dd className="mono">{entry.plan}</dd>
                </>
              )}
            </dl>
          </div>
        </div>
      )}
    </>
  );
});

/** Its own subscription to the clock, so that midnight draws only this. */
function When({ at }: { at: number }) {
  const now = useNow();
  const today = new Date(at).toDateString() === new Date(now).toDateString();
  return <span className="num left" title={exact(at)}>{today ? timeWithSeconds(at) : `${when(at, now)} ${timeWithSeconds(at)}`}</span>;
}

/** Outcomes that are as it should be; anything else is the reason why not. */
const GOOD: ReadonlySet<string> = new Set(['done', 'approved', 'accepted', 'status 0']);
const BEGUN: ReadonlySet<string> = new Set(['begun', 'asked']);

function Outcome({ outcome }: { outcome: string }) {
  const shape: { tone: Tone; glyph: GlyphName } = GOOD.has(outcome) ? { tone: 'ok', glyph: 'ok' } : BEGUN.has(outcome) ? { tone: 'mute', glyph: 'wait' } : { tone: 'error', glyph: 'err' };
  return <Status {...shape} title={outcome}>{outcome}</Status>;
}
