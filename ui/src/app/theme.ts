// How the window looks: what the user chose, and what the system asks for where nothing was chosen.
import type { Look } from '../bindings/Look';
import { prefer, usePreferences } from '../live/preferences';

export const ZOOM = { least: 80, most: 200, step: 10, usual: 100 } as const;

const ROW = { usual: 28, compact: 24 } as const;

/** What the system asks for. */
const ASKED = {
  light: '(prefers-color-scheme: light)',
  contrast: '(prefers-contrast: more)',
  still: '(prefers-reduced-motion: reduce)',
} as const;

/** The window's own program zooms everything at once; in a browser the page does it. */
const zoomedOutside = (): boolean => '__TAURI_INTERNALS__' in window;

/** Follows the choices and the system until it is ended. */
export function followLook(): () => void {
  const light = window.matchMedia(ASKED.light);
  const contrast = window.matchMedia(ASKED.contrast);
  const still = window.matchMedia(ASKED.still);
  const show = () => {
    const { look } = usePreferences.getState();
    wear({
      theme: look.theme === 'system' ? (light.matches ? 'light' : 'dark') : look.theme,
      contrast: look.highContrast || contrast.matches ? 'high' : null,
      motion: look.reducedMotion || still.matches ? 'reduced' : null,
      density: look.compact ? 'compact' : null,
    });
    if (!zoomedOutside()) document.documentElement.style.setProperty('zoom', look.zoom === ZOOM.usual ? '' : String(look.zoom / 100));
  };
  show();
  const asked = [light, contrast, still];
  for (const one of asked) one.addEventListener('change', show);
  const end = usePreferences.subscribe(show);
  return () => {
    end();
    for (const one of asked) one.removeEventListener('change', show);
  };
}

function wear(marks: Record<string, string | null>): void {
  const { dataset } = document.documentElement;
  for (const [name, value] of Object.entries(marks)) {
    if (value === null) delete dataset[name];
    else dataset[name] = value;
  }
}

/** Height of a row in px. The virtual rows need the number; the style sheets have it as `--row`. */
export function useRowHeight(): number {
  return usePreferences(({ look }) => (look.compact ? ROW.compact : ROW.usual));
}

export function changeLook(part: Partial<Look>): void {
  void prefer(({ look }) => ({ look: { ...look, ...part } }));
}

/** One step larger or smaller; 0 is the usual size. */
export function zoomBy(steps: number): void {
  const { zoom } = usePreferences.getState().look;
  const wanted = steps === 0 ? ZOOM.usual : zoom + steps * ZOOM.step;
  const next = Math.max(ZOOM.least, Math.min(ZOOM.most, wanted));
  if (next !== zoom) changeLook({ zoom: next });
}
