// How an LXC stands as a whole, from the figures of its row: which kinds of updates wait, or why nothing is known. Pure.
import { pending } from '../actions/able';
import type { GuestRow } from '../bindings/GuestRow';
import { isPast } from '../live/images';
import { words } from '../words/en';

export const UPDATE_TYPES = ['security', 'apt', 'docker', 'unknown', 'notUpdated', 'upToDate'] as const;
export type UpdateType = (typeof UPDATE_TYPES)[number];

/** What an LXC has of one group. `past` figures are of an earlier time, and part of no sum. */
export interface Share {
  total: number;
  security: number;
  past: boolean;
  /** Held, kept back or set aside: it has one, and a plan over the group would not install it. */
  aside: number;
  /** Why nothing is known, where that is what the group is about. */
  why: string | null;
}

export type Standing = ReadonlyMap<UpdateType, Share>;

const NOTHING: Share = { total: 0, security: 0, past: false, aside: 0, why: null };
const stood = new WeakMap<GuestRow, Standing>();

/** Once for a row: a patch replaces the rows that it changes. */
export function standingOf(row: GuestRow): Standing {
  const known = stood.get(row);
  if (known !== undefined) return known;
  const standing = toStanding(row);
  stood.set(row, standing);
  return standing;
}

function toStanding(row: GuestRow): Standing {
  const shares = new Map<UpdateType, Share>();
  const counts = pending(row);
  const past = row.old || row.updates.kind === 'stale' || row.updates.kind === 'error';
  if (counts !== null && counts.security > 0) shares.set('security', { ...NOTHING, total: counts.security, security: counts.security, past });
  if (counts !== null && counts.total > 0) shares.set('apt', { ...NOTHING, total: counts.total, security: counts.security, past });
  if (row.images !== null && row.images.updates > 0) shares.set('docker', { ...NOTHING, total: row.images.updates, past: isPast(row) });
  if (shares.size > 0) return shares;
  if (row.updates.kind === 'unsupported') return new Map([['notUpdated', { ...NOTHING, why: row.updates.reason }]]);
  const why = whyUnknown(row);
  return new Map([why === null ? ['upToDate', NOTHING] : ['unknown', { ...NOTHING, why }]]);
}

/** Null only where a fresh look at everything found nothing: all else is no good news. */
function whyUnknown(row: GuestRow): string | null {
  const text = words.tree.why;
  if (row.old) return text.node;
  switch (row.updates.kind) {
    case 'unknown':
      return words.unknownWhy[row.updates.why];
    case 'error':
      return text.failed(row.updates.reason);
    case 'stale':
      return text.stale;
    case 'updates':
      return row.updates.counts.total > 0 ? null : text.unsure;
    case 'unsupported':
      return row.updates.reason;
    case 'upToDate':
      if (row.power !== 'running') return words.unknownWhy.notRunning;
      if (row.agent.kind !== 'online') return text.agent;
      return row.images !== null && row.images.unclear > 0 ? text.images(row.images.unclear) : null;
  }
}
