// The rules of the user: what is ignored, snoozed or held, and for what.
import { Pin } from 'lucide-react';
import { removeRules } from '../actions/approving';
import type { UpdateRule } from '../bindings/UpdateRule';
import { rpc } from '../host';
import { useApprovalMoves } from '../live/approvals';
import { useAsked } from '../live/asked';
import { ruleInWords } from '../panel/ruling';
import { Status } from '../parts/Status';
import { words } from '../words/en';
import { exact } from '../words/format';
import { Trouble } from './Trouble';
import { useRows } from './useRows';

const text = words.rules;

export function RuleList() {
  const asked = useAsked(String(useApprovalMoves()), () => rpc('rules', {}));
  const rules = asked.answer?.rules ?? null;
  const { body, height, items } = useRows(rules?.length ?? 0, (at) => rules?.[at]?.id ?? String(at));
  return (
    <>
      <Trouble asked={asked} testId="rules-error" />
      {rules !== null && rules.length === 0 && <div className="empty" data-testid="rules-none"><Pin className="t3" size={40} strokeWidth={1.2} aria-hidden /><h2>{text.none}</h2><p>{text.noneText}</p></div>}
      {rules !== null && rules.length > 0 && (
        <div className="update-list rule-list" role="table" aria-label={words.fleetUpdates.parts.rules} aria-rowcount={rules.length + 1}>
          <div role="rowgroup">
            <div className="line-row head" role="row" aria-rowindex={1}>
              {(['package', 'rule', 'scope', 'by'] as const).map((column) => <span key={column} role="columnheader">{text.columns[column]}</span>)}
              <span role="columnheader"><span className="unseen">{text.remove}</span></span>
            </div>
          </div>
          <div ref={body} className="update-body scrolls" role="rowgroup">
            <div role="presentation" style={{ height, position: 'relative' }}>
              {items.map(({ index, top }) => {
                const rule = rules[index];
                return rule === undefined ? null : <Line key={rule.id} rule={rule} top={top} at={index} />;
              })}
            </div>
          </div>
        </div>
      )}
    </>
  );
}

function Line({ rule, top, at }: { rule: UpdateRule; top: number; at: number }) {
  const name = rule.package ?? text.all;
  const scope = rule.scope.kind === 'fleet' ? text.fleet : rule.scopeName;
  return (
    <div className="line-row below" role="row" aria-rowindex={at + 2} style={{ transform: `translateY(${top}px)` }} data-testid={`rule-row-${rule.id}`}>
      <span role="cell" className="t1 el" title={rule.package === null ? text.allHint : name}>{name}</span>
      <span role="cell"><Status tone={rule.kind === 'hold' ? 'caution' : 'mute'} glyph={rule.kind === 'hold' ? 'held' : 'old'} title={rule.until === null ? undefined : exact(rule.until)}>{ruleInWords(rule.kind, rule.until)}</Status></span>
      <span role="cell" className="el">{scope}</span>
      <span role="cell" className="el">{text.by(rule.by, exact(rule.at))}</span>
      <span role="cell"><button type="button" className="button compact" aria-label={text.removeOf(rule.package ?? text.allShort, scope)} onClick={() => void removeRules([rule.id])}>{text.remove}</button></span>
    </div>
  );
}
