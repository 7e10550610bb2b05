// Everything pending in the fleet, read while somebody looks, and again when counts, approvals or scans move.
import type { FleetUpdates } from '../bindings/FleetUpdates';
import { rpc } from '../host';
import { useApprovalMoves } from '../live/approvals';
import { type Asked, useAsked } from '../live/asked';
import { newestCheck } from '../live/fleet';
import { useLive } from '../live/store';

/** Scans of many LXCs end one after the other: the list is read again when they pause. */
const PAUSE_MS = 300;

export function useFleetUpdates(): Asked<FleetUpdates> {
  const moves = useApprovalMoves();
  const { updates, guestsWithUpdates } = useLive((live) => live.fleet.totals);
  const scanned = useLive((live) => newestCheck(live.fleet));
  return useAsked(JSON.stringify([moves, updates, guestsWithUpdates, scanned]), () => rpc('fleet_updates', {}), PAUSE_MS);
}
