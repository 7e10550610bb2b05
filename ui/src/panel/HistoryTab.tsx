// What RedFlag did to a guest: one line per receipt, opened in place.
import type { Receipt } from '../bindings/Receipt';
import { useNow } from '../live/clock';
import type { GlyphName } from '../parts/Glyph';
import { Status, type Tone } from '../parts/Status';
import { words } from '../words/en';
import { exact, when } from '../words/format';
import { ReceiptView } from './ReceiptView';
import { whatOf } from './renewed';
import { usePanel } from './state';

const text = words.history;
const CLOSED = 'closed';

export function HistoryTab({ receipts, read }: { receipts: readonly Receipt[]; read: boolean }) {
  const open = usePanel((panel) => panel.receipt);
  // The newest is open until another is chosen, or all are closed.
  const shown = open === CLOSED || receipts.some((receipt) => receipt.job === open) ? open : receipts[0]?.job;
  if (receipts.length === 0) return <p className="p-4 small t3">{read ? text.none : words.panel.reading}</p>;
  return (
    <div className="pt-1">
      {receipts.map((receipt) => (
        <div key={receipt.job}>
          <Line receipt={receipt} open={receipt.job === shown} />
          {receipt.job === shown && <ReceiptView receipt={receipt} withProblem />}
        </div>
      ))}
    </div>
  );
}

function Line({ receipt, open }: { receipt: Receipt; open: boolean }) {
  const now = useNow();
  const toggle = () => usePanel.setState({ receipt: open ? CLOSED : receipt.job });
  return (
    <button type="button" className="past-row" aria-expanded={open} onClick={toggle} data-testid={`history-${receipt.number}`} data-outcome={receipt.outcome}>
      <span className="id">{`#${receipt.number}`}</span>
      <span className="hs"><span className="el t1">{whatOf(receipt)}</span><Outcome receipt={receipt} /></span>
      <span className="num" title={exact(receipt.beganAt)}>{when(receipt.beganAt, now)}</span>
    </button>
  );
}

export function Outcome({ receipt }: { receipt: Receipt }) {
  const word = words.operations.jobStates[receipt.outcome];
  const shape: { tone: Tone; glyph: GlyphName } =
    receipt.outcome === 'succeeded' ? { tone: 'ok', glyph: 'ok' } : receipt.outcome === 'failed' || receipt.outcome === 'interrupted' ? { tone: 'error', glyph: 'err' } : { tone: 'mute', glyph: 'uns' };
  return <Status {...shape}>{word}</Status>;
}
