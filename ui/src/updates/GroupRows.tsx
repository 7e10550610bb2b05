// The rows of the list: a section, a source package, one update of one LXC.
import { ChevronDown, ChevronRight } from 'lucide-react';
import { withdrawThese } from '../actions/approving';
import { openEntries } from '../actions/menu';
import type { FleetUpdate } from '../bindings/FleetUpdate';
import type { Severity } from '../bindings/Severity';
import type { UpdateGroup } from '../bindings/UpdateGroup';
import { blockedWhy, isSecurity } from '../panel/packages';
import { ruleInWords } from '../panel/ruling';
import { More, onRow, type OpenAt } from '../parts/More';
import { Badge, Status, Version } from '../parts/Status';
import { Tick } from '../parts/Tick';
import { words } from '../words/en';
import { approveAll, entriesOf, whyNotApprovable } from './entries';
import { approvable, live, type Row, setAside, sumsOf } from './groups';
import { sectionEntries, sectionHead } from './severities';

const text = words.fleetUpdates;

interface Placed<K extends Row['kind']> {
  row: Extract<Row, { kind: K }>;
  top: number;
  at: number;
}

const place = (top: number) => ({ transform: `translateY(${top}px)` });

export function SectionRow({ row, top, at, found, all }: Placed<'section'> & { found: readonly UpdateGroup[]; all: readonly UpdateGroup[] }) {
  const severity = row.by === 'severity' ? (row.of as Severity) : null;
  const security = severity !== null && isSecurity(severity);
  const name = severity === null ? row.of : severity === 'securityUnrated' ? text.unrated : severity === 'unknown' ? text.other : words.severities[severity];
  const menu: OpenAt = (x, y, back) => severity !== null && openEntries({ x, y }, sectionHead(name, severity, found), sectionEntries(severity, found, all), back);
  return (
    <div className="line-row section" role="row" aria-rowindex={at + 2} style={place(top)} onContextMenu={severity === null ? undefined : onRow(menu)} data-testid={`section-${row.of}`}>
      <span role="cell" aria-colspan={7} className="hs">
        {security ? <Status tone="sec" glyph="sec">{name}</Status> : <Status tone="info" glyph="upd">{name}</Status>}
        <span className="t3">{text.section(row.updates, row.sources)}</span>
        {severity !== null && <><span className="fill" /><More label={words.rules.menu(name)} testId={`more-section-${severity}`} onOpen={menu} /></>}
      </span>
    </div>
  );
}

function SeverityBadge({ severity }: { severity: Severity }) {
  return isSecurity(severity) ? <Badge tone="sec" glyph="sec">{words.severities[severity]}</Badge> : null;
}

export function GroupRow({ row, top, at, onToggle }: Placed<'group'> & { onToggle: (key: string) => void }) {
  const { group } = row;
  const sums = sumsOf(group);
  const now = live(group);
  const why = whyNotApprovable(group);
  const can = now.filter(approvable);
  const checked = sums.approved === 0 ? false : sums.approved >= can.length ? true : 'mixed';
  const head = text.groupHead(group.source, sums.lxcs + sums.old);
  const menu: OpenAt = (x, y, back) => openEntries({ x, y }, head, entriesOf(group), back);
  const Twist = row.open ? ChevronDown : ChevronRight;
  return (
    <div className={sums.lxcs === 0 ? 'line-row group past' : 'line-row group'} role="row" aria-rowindex={at + 2} style={place(top)} onClick={() => onToggle(row.key)} onContextMenu={onRow(menu)} data-testid={`group-${group.source}`} data-source={group.source}>
      <span role="cell" className="hs">
        <span className="pick" title={why ?? undefined} onClick={(event) => event.stopPropagation()} role="presentation">
          <Tick checked={checked} onChange={(on) => (on && why === null ? approveAll(now) : void withdrawThese(now))} label={words.approvals.approve(group.source)} disabled={why !== null && sums.approved === 0} testId={`tick-${group.source}`} />
        </span>
        <button type="button" className="act-open" aria-expanded={row.open} aria-label={text.open(group.source)} onClick={(event) => { event.stopPropagation(); onToggle(row.key); }}>
          <Twist className="icon small" aria-hidden />
          <span className="t1 el">{group.source}</span>
        </button>
        {sums.packages.length > 1 && <span className="t3 shy">{text.packages(sums.packages.length)}</span>}
      </span>
      <span role="cell" className="el">{sums.to === null ? <span className="t2">{text.several}</span> : <Version from={sums.from ?? text.from} to={sums.to} not={sums.aside > 0 && sums.aside === now.length} />}</span>
      <span role="cell"><SeverityBadge severity={group.severity} /></span>
      <span role="cell" className="num" title={sums.old > 0 ? text.oldTitle(sums.old) : undefined} data-testid={`lxcs-${group.source}`}>{text.lxcs(sums.lxcs, sums.old)}</span>
      <span role="cell" className="hs wide">
        {sums.approved > 0 && <Status tone="ok" glyph="ok">{words.approvals.of(sums.approved, now.length)}</Status>}
        {sums.aside > 0 && <Status tone="caution" glyph="held">{text.setAside(sums.aside)}</Status>}
      </span>
      <span role="cell" className="t3 el" title={group.origin}>{group.origin}</span>
      <span role="cell">
        <More label={words.rules.menu(group.source)} testId={`more-${group.source}`} onOpen={menu} />
      </span>
    </div>
  );
}

export function UpdateRow({ row, top, at }: Placed<'update'>) {
  const { update, group } = row;
  const disabled = !update.approved && !approvable(update);
  return (
    <div className={update.old ? 'line-row below past' : 'line-row below'} role="row" aria-rowindex={at + 2} style={place(top)} data-testid={`below-${update.vmid}-${update.package}`}>
      <span role="cell" className="hs">
        <Tick checked={update.approved} onChange={(on) => (on ? approveAll([update]) : void withdrawThese([update]))} label={`${words.approvals.approve(update.package)}, ${update.name}`} disabled={disabled} />
        <span className="id">{update.vmid}</span>
        <span className="t1 el" title={`${update.name} · ${update.node} · ${update.cluster}`}>{update.name}</span>
        {update.package !== group.source && <span className="t3 el">{update.package}</span>}
      </span>
      <span role="cell" className="el"><Version from={update.installed} to={update.candidate} not={setAside(update)} /></span>
      <span role="cell"><SeverityBadge severity={update.severity} /></span>
      <span role="cell" />
      <span role="cell" className="el"><Standing update={update} /></span>
      <span role="cell" className="t3 el">{update.node}</span>
      <span role="cell" />
    </div>
  );
}

function Standing({ update }: { update: FleetUpdate }) {
  if (update.old) return <Status tone="caution" glyph="old">{text.old}</Status>;
  if (update.blocked !== null) return <Status tone="caution" glyph="held" title={blockedWhy(update.blocked)}>{words.panel.heldBack}</Status>;
  if (update.rule !== null) return <Status tone={update.rule === 'hold' ? 'caution' : 'mute'} glyph={update.rule === 'hold' ? 'held' : 'old'}>{ruleInWords(update.rule, null)}</Status>;
  return update.approved ? <Status tone="ok" glyph="ok">{words.approvals.approved}</Status> : null;
}
