// The cell of a row that tells of its updates: security first, then all, then quietly what is approved or set aside.
import type { ReactNode } from 'react';
import { asideOf } from '../actions/able';
import type { GuestRow } from '../bindings/GuestRow';
import type { UpdateCounts } from '../bindings/UpdateCounts';
import { approvedBelow } from '../live/approved';
import { useLive } from '../live/store';
import type { GlyphName } from '../parts/Glyph';
import { Status } from '../parts/Status';
import { words } from '../words/en';
import { count, exact } from '../words/format';
import { Cell as ColumnCell } from './Cell';
import { NONE } from './cells';
import type { Sums as GroupSums } from './groups';
import type { Share } from './standing';

const say = words.updateState;

/** What is said in a title: the cell's own words, and what is approved or set aside. */
const both = (...parts: (string | undefined)[]): string | undefined => parts.filter(Boolean).join(' · ') || undefined;

/** `3 approved · 2 set aside by rules`; nothing where there is neither. */
function markedInWords(approved: number, aside: number): string | undefined {
  return both(approved > 0 ? words.approvals.some(approved) : undefined, aside > 0 ? words.rules.asideBy(aside) : undefined);
}

/** The figures are drawn where the column has room for them; the words are always there, for the pointer and for readers. */
function Cell({ approved, aside, children }: { approved: number; aside: number; children: ReactNode }) {
  const marked = markedInWords(approved, aside);
  return (
    <ColumnCell column="updates" title={marked}>
      {children}
      {marked !== undefined && (
        <>
          <span className="marked" aria-hidden="true">
            {approved > 0 && <Figure tone="ok" glyph="ok" title={words.approvals.some(approved)} n={approved} />}
            {aside > 0 && <Figure tone="mute" glyph="uns" title={words.rules.asideBy(aside)} n={aside} />}
          </span>
          <span className="unseen">{marked}</span>
        </>
      )}
    </ColumnCell>
  );
}

function Figure({ n, ...status }: { tone: 'ok' | 'mute'; glyph: GlyphName; title: string; n: number }) {
  return <Status {...status}>{count(n)}</Status>;
}

function Counts({ counts, old, title }: { counts: UpdateCounts; old?: boolean; title?: string | undefined }) {
  return (
    <>
      <span>{counts.security > 0 && <Status tone={old === true ? 'mute' : 'sec'} glyph="sec">{say.security(counts.security)}</Status>}</span>
      <span className={old === true ? 'past' : undefined} title={title}>
        <Status tone={old === true ? 'mute' : 'info'} glyph="upd" figure>{count(counts.total)}</Status>
      </span>
    </>
  );
}

/** Of a cluster or node: the sum of what is current, and beside it, greyed, what is only known from an earlier time. */
export function PlaceUpdates({ rowKey, now, past }: { rowKey: string; now: UpdateCounts; past: UpdateCounts }) {
  const approved = useLive((live) => approvedBelow(live.fleet, rowKey));
  const marked = markedInWords(approved, now.ignored);
  return <Cell approved={approved} aside={now.ignored}><Sums now={now} past={past} marked={marked} /></Cell>;
}

function Sums({ now, past, marked }: { now: UpdateCounts; past: UpdateCounts; marked: string | undefined }) {
  if (now.total === 0 && past.total === 0) return <span className="both">{NONE}</span>;
  if (now.total === 0) return <Counts counts={past} old title={both(say.pastTitle(past.total), marked)} />;
  return (
    <>
      <span>{now.security > 0 && <Status tone="sec" glyph="sec">{say.security(now.security)}</Status>}</span>
      <span className="hs tight">
        <Status tone="info" glyph="upd" figure>{count(now.total)}</Status>
        {past.total > 0 && <span className="past cap" title={both(say.pastTitle(past.total), marked)}>{say.past(past.total)}</span>}
      </span>
    </>
  );
}

/** Of a group: its own part of what waits, of now and of earlier. */
export function GroupUpdates({ sums: { security, total, past, aside } }: { sums: GroupSums }) {
  if (total === 0 && past === 0 && aside > 0) return <Cell approved={0} aside={0}><AllAside n={aside} /></Cell>;
  const counts = (total: number, security: number): UpdateCounts => ({ total, security, blocked: 0, ignored: 0 });
  return <Cell approved={0} aside={0}><Sums now={counts(total, security)} past={counts(past, 0)} marked={undefined} /></Cell>;
}

/** What an LXC has of the group in which it stands. */
export function ShareUpdates({ share: { total, security, past, aside } }: { share: Share }) {
  const title = both(past ? say.pastTitle(total) : undefined, aside > 0 ? words.tree.aside(aside) : undefined);
  return (
    <Cell approved={0} aside={0}>
      {total > 0 && <Counts counts={{ total, security, blocked: 0, ignored: 0 }} old={past} title={title} />}
      {total === 0 && <AllAside n={aside} />}
    </Cell>
  );
}

function AllAside({ n }: { n: number }) {
  return <span className="both"><Status tone="caution" glyph="held" title={words.tree.aside(n)}>{words.panel.heldBack}</Status></span>;
}

/** Nothing was pending at an earlier time: neither a figure nor today's good news. */
function WasUpToDate({ title }: { title?: string | undefined }) {
  return <span className="both"><Status tone="mute" glyph="unk" title={title}>{say.wasUpToDate}</Status></span>;
}

export function GuestUpdates({ guest }: { guest: GuestRow }) {
  const aside = asideOf(guest.updates);
  return <Cell approved={guest.approved} aside={aside}><Updates guest={guest} marked={markedInWords(guest.approved, aside)} /></Cell>;
}

function Updates({ guest: { updates: state, old }, marked }: { guest: GuestRow; marked: string | undefined }) {
  switch (state.kind) {
    case 'upToDate':
      if (old) return <WasUpToDate title={marked} />;
      return <span className="both"><Status tone="ok" glyph="ok" title={marked}>{say.upToDate}</Status></span>;
    case 'updates':
      return <Counts counts={state.counts} old={old} title={marked} />;
    case 'stale': {
      const title = both(say.sinceTitle(exact(state.since)), marked);
      return state.counts.total === 0 ? <WasUpToDate title={title} /> : <Counts counts={state.counts} old title={title} />;
    }
    case 'unknown': {
      const shown = { noAgent: say.unknown, notRunning: say.notRunning, notScanned: say.notScanned }[state.why];
      return <span className="both"><Status tone="mute" glyph="unk" title={words.unknownWhy[state.why]}>{shown}</Status></span>;
    }
    case 'error':
      if (state.counts === null) return <span className="both"><Status tone="error" glyph="err" title={state.reason}>{say.scanFailed}</Status></span>;
      return (
        <>
          <span><Status tone="error" glyph="err" title={`${say.scanFailed}: ${state.reason}`}>{say.failed}</Status></span>
          <span className="past"><Status tone="mute" glyph="upd" figure>{count(state.counts.total)}</Status></span>
        </>
      );
    case 'unsupported':
      return <span className="both"><Status tone="mute" glyph="uns" title={state.reason}>{say.notUpdated}</Status></span>;
  }
}
