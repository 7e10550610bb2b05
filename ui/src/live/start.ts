// Connects the host's events with the live picture, and tells the views that follow jobs and logs.
import type { Body } from '../bindings/Body';
import { host, rpc } from '../host';
import { Feed } from './feed';
import { showChanges, showSnapshot, useLive } from './store';

type Aside = Exclude<Body, { kind: 'fleet' } | { kind: 'operation' }>;
const listeners = new Set<(body: Aside) => void>();
const resets = new Set<() => void>();

/** Hears every job, log and plan event. */
export function onAside(listener: (body: Aside) => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Hears that events may have been missed, so that what was read before must be read again. */
export function onReset(listener: () => void): () => void {
  resets.add(listener);
  return () => resets.delete(listener);
}

/** A hidden page gets no frames, and its picture must move on nevertheless. */
const frames = {
  request(callback: () => void) {
    if (document.visibilityState === 'hidden') setTimeout(callback, 250);
    else requestAnimationFrame(callback);
  },
};

let running: Feed | null = null;

/** Reads the whole picture again, after it could not be read. */
export function retryFeed(): void {
  void running?.refetch();
}

export function startFeed(): () => void {
  let shown = false;
  const feed = new Feed(() => rpc('snapshot', {}), {
    snapshot(snapshot) {
      showSnapshot(snapshot);
      if (shown) for (const reset of resets) reset();
      shown = true;
    },
    changes: showChanges,
    aside(event) {
      if (event.body.kind === 'fleet' || event.body.kind === 'operation') return;
      for (const listener of listeners) listener(event.body);
    },
    failed: (problem) => useLive.setState({ problem }),
  }, frames);
  running = feed;
  return host().subscribe(
    (event) => feed.receive(event),
    (up) => {
      useLive.setState({ link: up ? 'live' : 'lost' });
      if (up) void feed.refetch();
    },
  );
}
