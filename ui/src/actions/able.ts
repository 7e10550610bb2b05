// Whether an action has a point for a guest, and the reason when it has none. Rust decides in the end; this is for menus.
import type { ClusterRow } from '../bindings/ClusterRow';
import type { GuestRow } from '../bindings/GuestRow';
import type { NodeRow } from '../bindings/NodeRow';
import type { UpdateCounts } from '../bindings/UpdateCounts';
import type { UpdateState } from '../bindings/UpdateState';
import { isPast } from '../live/images';
import { words } from '../words/en';

const why = words.actions.why;

/** Null when it can be done. */
export type Reason = string | null;

/** Why a cluster is not asked, when that is why its guests are greyed. */
function silent(cluster: ClusterRow | undefined): Reason {
  switch (cluster?.link.kind) {
    case 'disabled':
      return why.off;
    case 'refused':
      return why.refused;
    case 'certificateChanged':
      return why.certificate;
    case 'unknown':
    case 'online':
    case 'partly':
    case 'unreachable':
    case undefined:
      return null;
  }
}

function shut(guest: GuestRow, cluster: ClusterRow | undefined, stoppedToo = false): Reason {
  const silence = guest.old ? silent(cluster) : null;
  if (silence !== null) return silence;
  if (guest.template) return why.template;
  if (guest.old) return why.old;
  if (guest.power === 'stopped' && !stoppedToo) return why.stopped;
  if (guest.power === 'unknown') return why.unknownPower;
  return guest.activity === null ? null : why.busy;
}

function agentSilent(guest: GuestRow): Reason {
  if (guest.agent.kind === 'notInstalled') return why.noAgent;
  return guest.agent.kind === 'online' ? null : why.offline;
}

export function whyNoScan(guest: GuestRow, cluster?: ClusterRow): Reason {
  return shut(guest, cluster) ?? agentSilent(guest);
}

/** A way through the node, and nothing of Proxmox in the way. */
function closed(guest: GuestRow, node: NodeRow | undefined): Reason {
  if (guest.lock !== null) return why.locked(guest.lock);
  return node === undefined || node.access.kind === 'none' ? why.noAccess(guest.node) : null;
}

/** Proxmox itself restarts it: neither an agent nor a way into the node is needed. */
export function whyNoRestart(guest: GuestRow, cluster?: ClusterRow): Reason {
  return shut(guest, cluster) ?? (guest.lock === null ? null : why.locked(guest.lock));
}

/** A stopped LXC can be started for it; the plan asks. An agent that does not answer is set up again. */
export function whyNoAgent(guest: GuestRow, node: NodeRow | undefined, cluster?: ClusterRow): Reason {
  if (guest.agent.kind === 'online' || guest.agent.kind === 'off') return why.installed;
  return shut(guest, cluster, true) ?? closed(guest, node);
}

/** As by hand, but the user runs a command on the node: no way into it is needed, and nothing is started for it. */
export function whyNoPaste(guest: GuestRow, cluster?: ClusterRow): Reason {
  if (guest.agent.kind === 'online' || guest.agent.kind === 'off') return why.installed;
  return shut(guest, cluster) ?? (guest.lock === null ? null : why.locked(guest.lock));
}

/** Why the agent cannot be restarted or taken out. Both go through the node, so it need not answer. */
export function whyNotTheAgent(guest: GuestRow, node: NodeRow | undefined, cluster?: ClusterRow): Reason {
  if (guest.agent.kind === 'notInstalled') return guest.template ? why.template : why.agentless;
  return shut(guest, cluster) ?? closed(guest, node);
}

export function whyNoUpgrade(guest: GuestRow, cluster?: ClusterRow): Reason {
  const reason = shut(guest, cluster) ?? agentSilent(guest);
  if (reason !== null) return reason;
  if (guest.lock !== null) return why.locked(guest.lock);
  return isOlder(guest) ? null : why.newest;
}

/** Its agent is older than the one that this RedFlag carries. */
export function isOlder(guest: GuestRow): boolean {
  return guest.agent.kind === 'online' && guest.agent.older;
}

/** What is known to be pending, also from an earlier time. */
export function pending(guest: GuestRow): UpdateCounts | null {
  switch (guest.updates.kind) {
    case 'updates':
    case 'stale':
      return guest.updates.counts;
    case 'error':
      return guest.updates.counts;
    case 'upToDate':
      return { total: 0, security: 0, blocked: guest.updates.blocked, ignored: guest.updates.ignored };
    case 'unknown':
    case 'unsupported':
      return null;
  }
}

/** What the user's rules set aside. An LXC with nothing else pending is up to date, and may yet have some. */
export function asideOf(updates: UpdateState): number {
  if (updates.kind === 'upToDate') return updates.ignored;
  return 'counts' in updates ? (updates.counts?.ignored ?? 0) : 0;
}

const whyNothing = (counts: UpdateCounts): string => (counts.ignored > 0 ? words.rules.allAside : why.upToDate);

/** Its package manager was interrupted, as far as is known. */
export function isBroken(guest: GuestRow): boolean {
  return guest.updates.kind === 'error' && guest.updates.repairable;
}

export function whyNoRepair(guest: GuestRow, cluster?: ClusterRow): Reason {
  const reason = shut(guest, cluster) ?? agentSilent(guest);
  if (reason !== null) return reason;
  if (guest.lock !== null) return why.locked(guest.lock);
  return isBroken(guest) ? null : words.repair.sound;
}

/** Why nothing at all could be installed in it now, whatever is pending. */
export function whyNoInstall(guest: GuestRow, cluster?: ClusterRow): Reason {
  return shut(guest, cluster) ?? agentSilent(guest) ?? (guest.lock === null ? null : why.locked(guest.lock));
}

/** Why what was approved cannot be installed. */
export function whyNoApproved(guest: GuestRow, cluster?: ClusterRow): Reason {
  return whyNoInstall(guest, cluster) ?? (guest.approved === 0 ? words.approvals.why.none : null);
}

/** An approval touches nothing in the LXC: what is pending must be known, and of now. */
export function whyNoApproval(guest: GuestRow, securityOnly: boolean, cluster?: ClusterRow): Reason {
  if (guest.template) return why.template;
  if (guest.old) return silent(cluster) ?? why.old;
  if (guest.updates.kind === 'unsupported') return why.unsupported;
  const counts = pending(guest);
  if (counts === null) return why.notKnown;
  if (counts.total === 0) return whyNothing(counts);
  if (securityOnly && counts.security === 0) return why.noSecurity;
  return guest.approved >= counts.total ? words.approvals.why.already : null;
}

export function whyNoUpdate(guest: GuestRow, securityOnly: boolean, cluster?: ClusterRow): Reason {
  const reason = whyNoInstall(guest, cluster);
  if (reason !== null) return reason;
  if (guest.updates.kind === 'unsupported') return why.unsupported;
  const counts = pending(guest);
  if (counts === null) return why.notKnown;
  if (counts.total === 0) return whyNothing(counts);
  return securityOnly && counts.security === 0 ? why.noSecurity : null;
}

/** Only what is known of now counts. An older agent would not understand what it is asked for. */
export function whyNoImages(guest: GuestRow, cluster?: ClusterRow): Reason {
  const reason = whyNoInstall(guest, cluster);
  if (reason !== null) return reason;
  if (guest.images === null || guest.images.total === 0) return words.images.nothing;
  if (isPast(guest)) return words.renewal.why.past;
  if (guest.images.updates === 0) return words.renewal.why.none;
  return isOlder(guest) ? words.renewal.why.older : null;
}
