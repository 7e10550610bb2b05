// One pending update in the panel: its versions, its tick of approval, the rule about it, and what else can be done.
import { Ellipsis } from 'lucide-react';
import type { MouseEvent } from 'react';
import { approve, withdraw } from '../actions/approving';
import { entryOf } from '../actions/entries';
import { withLeaf } from '../actions/leaf';
import { openEntries } from '../actions/menu';
import { action } from '../actions/registry';
import { scopeOfGuests } from '../actions/scope';
import type { Approval } from '../bindings/Approval';
import type { GuestRow } from '../bindings/GuestRow';
import type { UpdateRule } from '../bindings/UpdateRule';
import { useLive } from '../live/store';
import { Badge, Version } from '../parts/Status';
import { Tick } from '../parts/Tick';
import { words } from '../words/en';
import { bytes, exact } from '../words/format';
import { blockedWhy, isSecurity } from './packages';
import { isOwn, ruleInWords, whereOf, whyNotApprovable } from './ruling';
import { type OfUpdate, updateEntries } from './updateEntries';

const text = words.panel;

interface Props extends OfUpdate {
  approval: Approval | null;
}

export function UpdateItem({ row, cluster, update, approval, rule }: Props) {
  const why = whyNotApprovable(row, update, rule);
  const onTick = (on: boolean) => {
    if (on) void approve([{ kind: 'guest', guest: row.id }], { kind: 'packages', names: [update.package] });
    else if (approval !== null) void withdraw([approval.id]);
  };
  const onMenu = (event: MouseEvent<HTMLElement>) => {
    const button = event.currentTarget;
    const box = button.getBoundingClientRect();
    const chosen = { leaf: { kind: 'update', update } as const, name: update.package, rule, approved: approval !== null };
    const install = entryOf(action('update'), withLeaf(scopeOfGuests(useLive.getState().fleet, [row]), chosen, row));
    openEntries({ x: box.left, y: box.bottom }, `${update.package} · ${row.name}`, [{ ...install, keys: null }, ...updateEntries({ row, cluster, update, rule })], button);
  };
  return (
    <div className="item approvable" data-testid={`update-${update.package}`}>
      <span className="pick" title={approval === null ? (why ?? undefined) : undefined}>
        <Tick checked={approval !== null} onChange={onTick} label={words.approvals.approve(update.package)} disabled={approval === null && why !== null} testId={`approve-${update.package}`} />
      </span>
      <div className="el t1" title={`${update.package}:${update.arch}`}>{update.package}</div>
      <div className="hs tight mt-0.5">
        {isSecurity(update.severity) && <Badge tone="sec" glyph="sec">{words.severities[update.severity]}</Badge>}
        {update.blocked !== null && <Badge tone="caution" glyph="held">{text.heldBack}</Badge>}
        <button type="button" className="button ghost square compact" aria-label={words.rules.menu(update.package)} aria-haspopup="menu" onClick={onMenu} data-testid={`more-${update.package}`}>
          <Ellipsis className="icon small" aria-hidden />
        </button>
      </div>
      <div className="versions"><Version from={update.installed} to={update.candidate} not={update.blocked !== null || rule !== null} /></div>
      <div className="why hs">
        {update.blocked === null ? <span className="el" title={update.origin}>{update.suite}</span> : <span className="breaks">{blockedWhy(update.blocked)}</span>}
        <span className="fill" />
        {update.size !== null && <span className="num">{bytes(update.size)}</span>}
      </div>
      {approval !== null && <div className="why el" title={exact(approval.approvedAt)} data-testid={`approval-${update.package}`}>{words.approvals.by(approval.approvedBy, approval.through)}{approval.version !== update.candidate && ` · ${words.approvals.older(approval.version)}`}</div>}
      {rule !== null && <RuleLine rule={rule} row={row} name={update.package} />}
    </div>
  );
}

function RuleLine({ rule, row, name }: { rule: UpdateRule; row: GuestRow; name: string }) {
  const said = ruleInWords(rule.kind, rule.until);
  return (
    <div className="why hs" data-testid={`rule-${name}`}>
      <Badge {...(rule.kind === 'hold' ? { tone: 'caution' } : {})} glyph={rule.kind === 'hold' ? 'held' : 'old'} title={words.rules.by(rule.by, exact(rule.at))}>{said}</Badge>
      {!isOwn(rule, row.id) && <span className="el" title={whereOf(rule)}>{rule.package === null ? whereOf(rule) : words.rules.from(whereOf(rule))}</span>}
    </div>
  );
}
