// One receipt of the history, opened in place.
import { ChevronDown, ChevronRight } from 'lucide-react';
import { memo } from 'react';
import type { ReceiptRow } from '../bindings/ReceiptRow';
import { useNow } from '../live/clock';
import { Outcome } from '../panel/HistoryTab';
import { ReceiptView } from '../panel/ReceiptView';
import { whatOf } from '../panel/renewed';
import { words } from '../words/en';
import { exact, timeOfDay, when } from '../words/format';

const text = words.receipts;

export const ReceiptLine = memo(function ReceiptLine({ row, open, onToggle }: { row: ReceiptRow; open: boolean; onToggle: (job: string) => void }) {
  const { receipt } = row;
  return (
    <>
      <div className="line-row act" role="row" onClick={() => onToggle(receipt.job)} data-testid={`receipt-row-${receipt.number}`} data-receipt={receipt.number}>
        <span role="cell">
          <button
            type="button"
            className="act-open"
            aria-expanded={open}
            aria-label={`${text.open(receipt.number)}, ${row.name}`}
            onClick={(event) => {
              event.stopPropagation();
              onToggle(receipt.job);
            }}
          >
            {open ? <ChevronDown className="icon small" aria-hidden /> : <ChevronRight className="icon small" aria-hidden />}
            <span className="id">{`#${receipt.number}`}</span>
          </button>
        </span>
        <span role="cell" className="hs"><span className="id">{row.vmid}</span><span className="t1 el" title={row.name}>{row.name}</span><span className="t3 el">{`${row.node} · ${row.cluster}`}</span></span>
        <span role="cell" className="t1 el">{whatOf(receipt)}</span>
        <span role="cell"><Outcome receipt={receipt} /></span>
        <span role="cell" className="el" title={receipt.approvedBy}>{receipt.approvedBy}</span>
        <span role="cell"><When at={receipt.endedAt} /></span>
      </div>
      {open && (
        <div role="row">
          <div role="cell" aria-colspan={6}>
            <h2 className="unseen">{text.open(receipt.number)}</h2>
            <ReceiptView receipt={receipt} withProblem />
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
  return <span className="num" title={exact(at)}>{today ? timeOfDay(at) : `${when(at, now)} ${timeOfDay(at)}`}</span>;
}
