// The audit: every act with consequences, who asked for it, and how it ended.
import { RefreshCw, ScrollText } from 'lucide-react';
import { useState } from 'react';
import { Find } from '../parts/Find';
import { ErrorNote } from '../parts/Note';
import { words } from '../words/en';
import { AuditRow } from './AuditRow';
import { type Entry, useAudit } from './useAudit';

const text = words.audit;

export function AuditView() {
  const [search, setSearch] = useState('');
  const audit = useAudit(search);
  const [open, setOpen] = useState<ReadonlySet<Entry['id']>>(new Set());
  const entries = audit.rows;
  function toggle(id: Entry['id']): void {
    const next = new Set(open);
    if (!next.delete(id)) next.add(id);
    setOpen(next);
  }
  return (
    <main className="main alone" data-region="main" data-testid="audit">
      <div className="tool">
        <h1>{text.title}</h1>
        <span className="small t3 el">{text.lead}</span>
        <span className="fill" />
        {entries !== null && entries.length > 0 && <span className="small t3 num" role="status" data-testid="audit-count">{text.shown(entries.length, audit.more)}</span>}
        <Find search={search} onSearch={setSearch} text={text} testId="audit-search" />
        <button type="button" className="button ghost square compact" aria-label={text.again} title={text.again} disabled={audit.loading} onClick={audit.again} data-testid="audit-again">
          <RefreshCw className="icon small" aria-hidden />
        </button>
      </div>
      {audit.problem !== null && (
        <div className="p-4"><ErrorNote error={audit.problem} testId="audit-error" action={<button type="button" className="button compact" onClick={audit.again}>{words.tryAgain}</button>} /></div>
      )}
      {entries === null && audit.problem === null && <p className="p-4 small t3" role="status">{text.reading}</p>}
      {entries !== null && entries.length === 0 && (audit.of === '' ? <Nothing /> : <p className="p-4 t2" role="status" data-testid="audit-no-match">{text.noMatch(audit.of)}</p>)}
      {entries !== null && entries.length > 0 && (
        <div className="audit scrolls">
          <div role="table" aria-label={text.title}>
            <div role="rowgroup">
              <div className="line-row head" role="row">
                {(['when', 'who', 'what', 'target', 'outcome', 'plan'] as const).map((column) => <span key={column} role="columnheader">{text.columns[column]}</span>)}
              </div>
            </div>
            <div role="rowgroup">
              {entries.map((entry) => <AuditRow key={entry.id} entry={entry} open={open.has(entry.id)} onToggle={toggle} />)}
            </div>
          </div>
          {audit.more && (
            <div className="p-3">
              <button type="button" className="button compact" disabled={audit.loading} onClick={audit.older} data-testid="audit-more">{audit.loading ? text.loadingMore : text.more}</button>
            </div>
          )}
        </div>
      )}
    </main>
  );
}

function Nothing() {
  return (
    <div className="empty" data-testid="audit-none">
      <ScrollText className="t3" size={40} strokeWidth={1.2} aria-hidden />
      <h2>{text.none}</h2>
      <p>{text.noneText}</p>
    </div>
  );
}
