// What the user has chosen: kept by Rust, shown at once here, and told again by an event when another place changes it.
import { create } from 'zustand';
import type { Preferences } from '../bindings/Preferences';
import { fail } from '../app/notices';
import { rpc } from '../host';

/** Until Rust has answered. */
export const USUAL: Preferences = {
  look: { theme: 'system', highContrast: false, reducedMotion: false, compact: false, zoom: 100, letters: true },
  grouping: 'hierarchy',
  hidden: [],
  views: [],
  desktop: { tray: true, keepRunning: true, toldAboutClosing: false, startAtLogin: false },
  messages: { show: true, updates: true, finished: true, failed: true, unreachable: true, quiet: null, failedAtOnce: true, muted: [], pausedUntil: null },
};

export const usePreferences = create<Preferences>(() => USUAL);

/** Changes on their way to Rust: what it tells meanwhile is older than what is shown. */
let underway = 0;
let last: Promise<void> = Promise.resolve();

export function showPreferences(preferences: Preferences): void {
  if (underway === 0) usePreferences.setState(preferences, true);
}

export async function readPreferences(): Promise<void> {
  try {
    showPreferences(await rpc('preferences', {}));
  } catch {
    // The window says elsewhere that Rust does not answer; until then everything looks as usual.
  }
}

/** Shows a change at once and keeps it; one after the other, so that the last one stands. */
export function prefer(change: (now: Preferences) => Partial<Preferences>): Promise<void> {
  const next = { ...usePreferences.getState(), ...change(usePreferences.getState()) };
  usePreferences.setState(next, true);
  underway += 1;
  last = last.then(async () => {
    try {
      await rpc('set_preferences', next);
      underway -= 1;
    } catch (thrown) {
      underway -= 1;
      fail(thrown);
      await readPreferences();
    }
  });
  return last;
}
