// What is approved and waits for its installation.
import { ListChecks } from 'lucide-react';
import { withdraw } from '../actions/approving';
import type { Approval } from '../bindings/Approval';
import { rpc } from '../host';
import { useApprovalMoves } from '../live/approvals';
import { useAsked } from '../live/asked';
import { useLive } from '../live/store';
import { isSecurity } from '../panel/packages';
import { Badge, Version } from '../parts/Status';
import { words } from '../words/en';
import { exact } from '../words/format';
import { Trouble } from './Trouble';
import { useRows } from './useRows';

const text = words.fleetUpdates;

export function ApprovedList() {
  const moves = useApprovalMoves();
  const approved = useLive((live) => [...live.fleet.guests.values()].reduce((sum, guest) => sum + guest.approved, 0));
  const asked = useAsked(`${moves} ${approved}`, () => rpc('approvals', {}));
  const approvals = asked.answer?.approvals ?? null;
  const { body, height, items } = useRows(approvals?.length ?? 0, (at) => approvals?.[at]?.id ?? String(at));
  return (
    <>
      <Trouble asked={asked} testId="approved-error" />
      {approvals !== null && approvals.length === 0 && (
        <div className="empty" data-testid="approved-none"><ListChecks className="t3" size={40} strokeWidth={1.2} aria-hidden /><h2>{text.noneApproved}</h2><p>{text.noneApprovedText}</p></div>
      )}
      {approvals !== null && approvals.length > 0 && (
        <div className="update-list approved" role="table" aria-label={text.parts.approved} aria-rowcount={approvals.length + 1}>
          <div role="rowgroup">
            <div className="line-row head" role="row" aria-rowindex={1}>
              {(['lxc', 'package', 'version', 'severity', 'by'] as const).map((column) => <span key={column} role="columnheader">{text.approvedColumns[column]}</span>)}
              <span role="columnheader"><span className="unseen">{words.approvals.withdraw}</span></span>
            </div>
          </div>
          <div ref={body} className="update-body scrolls" role="rowgroup">
            <div role="presentation" style={{ height, position: 'relative' }}>
              {items.map(({ index, top }) => {
                const one = approvals[index];
                return one === undefined ? null : <Line key={one.id} one={one} top={top} at={index} />;
              })}
            </div>
          </div>
        </div>
      )}
    </>
  );
}

function Line({ one, top, at }: { one: Approval; top: number; at: number }) {
  return (
    <div className="line-row below" role="row" aria-rowindex={at + 2} style={{ transform: `translateY(${top}px)` }} data-testid={`approval-${one.id}`}>
      <span role="cell" className="hs"><span className="id">{one.vmid}</span><span className="t1 el" title={`${one.node} · ${one.cluster}`}>{one.name}</span></span>
      <span role="cell" className="t1 el">{one.package}</span>
      <span role="cell" className="el"><Version from={one.installed} to={one.version} /></span>
      <span role="cell">{isSecurity(one.severity) && <Badge tone="sec" glyph="sec">{words.severities[one.severity]}</Badge>}</span>
      <span role="cell" className="el" title={exact(one.approvedAt)}>{words.approvals.by(one.approvedBy, one.through)}</span>
      <span role="cell"><button type="button" className="button compact" aria-label={words.approvals.withdrawOf(one.package, one.name)} onClick={() => void withdraw([one.id])}>{words.approvals.withdraw}</button></span>
    </div>
  );
}
