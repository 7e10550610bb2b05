// The container images of the fleet, read while somebody looks, and again when figures, scans or answers of registries move.
import type { FleetImages } from '../bindings/FleetImages';
import { rpc } from '../host';
import { type Asked, useAsked } from '../live/asked';
import { newestCheck } from '../live/fleet';
import { FLEET_IMAGES, imagesBelow } from '../live/images';
import { useLive } from '../live/store';
import { useChecking } from './checking';

/** Scans of many LXCs end one after the other, and so do answers of registries: the list is read again when they pause. */
const PAUSE_MS = 300;

export function useFleetImages(): Asked<FleetImages> {
  const moves = useChecking((checking) => checking.moves);
  const sums = useLive((live) => imagesBelow(live.fleet, FLEET_IMAGES));
  const scanned = useLive((live) => newestCheck(live.fleet));
  return useAsked(JSON.stringify([moves, sums, scanned]), () => rpc('images', {}), PAUSE_MS);
}
