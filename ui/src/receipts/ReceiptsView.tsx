// The history: what RedFlag changed, over the whole fleet, searched in Rust and read page by page.
import { Download, History, RefreshCw } from 'lucide-react';
import { useState } from 'react';
import type { ExportFormat } from '../bindings/ExportFormat';
import type { ReceiptRow } from '../bindings/ReceiptRow';
import { fail, tell } from '../app/notices';
import { rpc } from '../host';
import { type Paged, usePaged } from '../live/paged';
import { useLive } from '../live/store';
import { Find } from '../parts/Find';
import { ErrorNote } from '../parts/Note';
import { words } from '../words/en';
import { ReceiptLine } from './ReceiptLine';

const text = words.receipts;
const PAGE = 100;

export function ReceiptsView() {
  const [search, setSearch] = useState('');
  // An operation that ended may have left receipts.
  const ended = useLive((live) => [...live.operations.values()].filter((operation) => operation.endedAt !== null).length);
  const history = useReceipts(search, String(ended));
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set());
  const { rows } = history;
  const nothing = rows === null || rows.length === 0;
  function toggle(job: string): void {
    const next = new Set(open);
    if (!next.delete(job)) next.add(job);
    setOpen(next);
  }
  return (
    <main className="main alone" data-region="main" data-testid="receipts">
      <div className="tool">
        <h1>{text.title}</h1>
        <span className="small t3 el">{text.lead}</span>
        <span className="fill" />
        {!nothing && <span className="small t3 num" role="status" data-testid="receipts-count">{text.shown(rows.length, history.more)}</span>}
        <Find search={search} onSearch={setSearch} text={text} testId="receipts-search" />
        {(['csv', 'json'] as const).map((format) => (
          <button key={format} type="button" className="button compact" disabled={nothing} onClick={() => void write(search.trim(), format)} data-testid={`export-${format}`}>
            <Download className="icon small" aria-hidden />
            {text[format]}
          </button>
        ))}
        <button type="button" className="button ghost square compact" aria-label={text.again} title={text.again} disabled={history.loading} onClick={history.again} data-testid="receipts-again">
          <RefreshCw className="icon small" aria-hidden />
        </button>
      </div>
      {history.problem !== null && <div className="p-4"><ErrorNote error={history.problem} testId="receipts-error" action={<button type="button" className="button compact" onClick={history.again}>{words.tryAgain}</button>} /></div>}
      {rows === null && history.problem === null && <p className="p-4 small t3" role="status">{text.reading}</p>}
      {rows !== null && rows.length === 0 && (history.of === '' ? <Nothing /> : <p className="p-4 t2" role="status" data-testid="receipts-no-match">{text.noMatch(history.of)}</p>)}
      {!nothing && (
        <div className="receipts scrolls">
          <div role="table" aria-label={text.title}>
            <div role="rowgroup">
              <div className="line-row head" role="row">
                {(['number', 'lxc', 'what', 'outcome', 'who', 'when'] as const).map((column) => <span key={column} role="columnheader">{text.columns[column]}</span>)}
              </div>
            </div>
            <div role="rowgroup">{rows.map((row) => <ReceiptLine key={row.receipt.job} row={row} open={open.has(row.receipt.job)} onToggle={toggle} />)}</div>
          </div>
          {history.more && <div className="p-3"><button type="button" className="button compact" disabled={history.loading} onClick={history.older} data-testid="receipts-more">{history.loading ? text.loadingMore : text.more}</button></div>}
        </div>
      )}
    </main>
  );
}

function useReceipts(search: string, mark: string): Paged<ReceiptRow> {
  return usePaged<ReceiptRow>(
    search,
    mark,
    async (search, last) => {
      const { receipts, more } = await rpc('read_receipts', { search, before: last?.receipt.job ?? null, limit: PAGE });
      return { rows: receipts, more };
    },
    (row) => row.receipt.job,
  );
}

/** Rust writes all that match, not only what is shown. */
async function write(search: string, format: ExportFormat): Promise<void> {
  try {
    const { path, receipts } = await rpc('export_receipts', { search, format });
    tell(text.exported(receipts, path));
  } catch (thrown) {
    fail(thrown);
  }
}

function Nothing() {
  return (
    <div className="empty" data-testid="receipts-none">
      <History className="t3" size={40} strokeWidth={1.2} aria-hidden />
      <h2>{text.none}</h2>
      <p>{text.noneText}</p>
    </div>
  );
}
