// What is done to the window: views, grouping, look, selection, messages, settings.
import { Activity, ArchiveRestore, BellOff, BellRing, Boxes, CircleArrowUp, CircleHelp, Container, Contrast, Equal, Eraser, History, Info, Keyboard, Layers, ListChecks, type LucideIcon, Network, PanelBottom, Rows3, ScrollText, Search, Settings, Snail, SunMoon, ZoomIn, ZoomOut } from 'lucide-react';
import { focusFilter } from '../app/filter';
import { fail, tell } from '../app/notices';
import { go, type Place, SETTINGS_PAGES, toggleDrawer, usePlace } from '../app/place';
import { changeLook, ZOOM, zoomBy } from '../app/theme';
import type { Grouping } from '../bindings/Grouping';
import type { Theme } from '../bindings/Theme';
import { rpc } from '../host';
import { prefer, usePreferences } from '../live/preferences';
import { openPalette, openShortcuts } from '../palette/state';
import { HOUR_MS, pausedNow, pauseUntil, tomorrowMorning } from '../settings/pausing';
import { shownGuests, summon, useTreeView } from '../tree/view';
import { words } from '../words/en';
import { bytes } from '../words/format';
import type { Command } from './command';
import { ABLE, type Verdict } from './verdict';

const text = words.commands.window;
const look = () => usePreferences.getState().look;
const always = () => ABLE;
const ifSo = (able: boolean, why: string): Verdict => (able ? ABLE : { able: false, why });
const inFleet = (): boolean => usePlace.getState().place.view === 'fleet';

export const VIEWS = ['fleet', 'updates', 'images', 'operations', 'history', 'audit', 'settings'] as const;
export type View = (typeof VIEWS)[number];
export const VIEW_ICONS: Record<View, LucideIcon> = { fleet: Network, updates: CircleArrowUp, images: Container, operations: Activity, history: History, audit: ScrollText, settings: Settings };

const placeOf = (view: View): Place => (view === 'settings' ? { view, page: 'general' } : { view });

const views = VIEWS.map((view, at): Command => ({
  id: `go-${view}`, icon: VIEW_ICONS[view], keys: `Ctrl ${at + 1}`, label: () => text.go(words.views[view]), short: () => words.views[view], when: always,
  on: () => usePlace.getState().place.view === view,
  run: () => go(placeOf(view)),
}));

const GROUPINGS: readonly Grouping[] = ['hierarchy', 'updateType', 'severity', 'package'];
const groupings = GROUPINGS.map((grouping): Command => ({
  id: `group-${grouping}`, icon: grouping === 'hierarchy' ? Boxes : Layers, keys: null, label: () => text.group[grouping], short: () => text.groupShort[grouping], when: always,
  on: () => usePreferences.getState().grouping === grouping,
  run: () => {
    void prefer(() => ({ grouping }));
    go({ view: 'fleet' });
  },
}));

const THEMES: readonly Theme[] = ['system', 'dark', 'light'];
const themes = THEMES.map((theme): Command => ({
  id: `theme-${theme}`, icon: SunMoon, keys: null, label: () => text.theme[theme], short: () => text.themeShort[theme], when: always,
  on: () => look().theme === theme,
  run: () => changeLook({ theme }),
}));

const looks: readonly Command[] = [
  { id: 'high-contrast', icon: Contrast, keys: null, label: () => text.contrast, when: always, on: () => look().highContrast, run: () => changeLook({ highContrast: !look().highContrast }) },
  { id: 'reduced-motion', icon: Snail, keys: null, label: () => text.motion, when: always, on: () => look().reducedMotion, run: () => changeLook({ reducedMotion: !look().reducedMotion }) },
  { id: 'compact-rows', icon: Rows3, keys: null, label: () => text.compact, when: always, on: () => look().compact, run: () => changeLook({ compact: !look().compact }) },
  { id: 'zoom-in', icon: ZoomIn, keys: 'Ctrl +', label: () => text.larger, when: () => ifSo(look().zoom < ZOOM.most, text.atMost), run: () => zoomBy(1) },
  { id: 'zoom-out', icon: ZoomOut, keys: 'Ctrl −', label: () => text.smaller, when: () => ifSo(look().zoom > ZOOM.least, text.atLeast), run: () => zoomBy(-1) },
  { id: 'zoom-usual', icon: Equal, keys: 'Ctrl 0', label: () => text.usual, when: () => ifSo(look().zoom !== ZOOM.usual, text.isUsual), run: () => zoomBy(0) },
];

const selection: readonly Command[] = [
  {
    id: 'select-all', icon: ListChecks, keys: 'Ctrl A', label: () => text.selectAll, when: () => ifSo(shownGuests().length > 0, text.nothingShown),
    run: () => {
      go({ view: 'fleet' });
      useTreeView.setState({ ticked: new Set(shownGuests().map((guest) => `guest:${guest.id}`)) });
    },
  },
  {
    id: 'clear-selection', icon: Eraser, keys: 'Esc', label: () => text.clear, when: () => ifSo(useTreeView.getState().ticked.size > 0, text.nothingChosen),
    run: () => {
      useTreeView.setState({ ticked: new Set(), anchor: null });
      summon();
    },
  },
  { id: 'find', icon: Search, keys: 'Ctrl F', label: () => text.filter, when: always, run: () => void findInFleet() },
];

/** The field is there only once the fleet is shown. */
function findInFleet(): void {
  if (!inFleet()) go({ view: 'fleet' });
  requestAnimationFrame(focusFilter);
}

async function backUp(): Promise<void> {
  try {
    const { name, bytes: size } = await rpc('make_backup', {});
    tell(text.backedUp(name, bytes(size)));
  } catch (thrown) {
    fail(thrown);
  }
}

const shown = (): boolean => usePreferences.getState().messages.show;
const messages: readonly Command[] = [
  { id: 'pause-hour', icon: BellOff, keys: null, label: () => text.pause, when: () => ifSo(shown(), text.off), run: () => pauseUntil(Date.now() + HOUR_MS) },
  { id: 'pause-night', icon: BellOff, keys: null, label: () => text.pauseNight, when: () => ifSo(shown(), text.off), run: () => pauseUntil(tomorrowMorning(Date.now())) },
  { id: 'resume', icon: BellRing, keys: null, label: () => text.resume, when: () => ifSo(pausedNow() !== null, text.notPaused), run: () => pauseUntil(null) },
];

const pages = SETTINGS_PAGES.map((page): Command => ({
  id: `settings-${page}`, icon: Settings, keys: null, label: () => text.page(words.settingsPages.names[page]), when: always, run: () => go({ view: 'settings', page }),
}));

export const WINDOW_COMMANDS: readonly Command[] = [
  ...views, ...groupings, ...selection,
  { id: 'drawer', icon: PanelBottom, keys: 'Ctrl J', label: () => text.drawer, when: () => ifSo(inFleet(), text.onlyFleet), on: () => usePlace.getState().drawer, run: toggleDrawer },
  ...themes, ...looks, ...messages,
  { id: 'backup', icon: ArchiveRestore, keys: null, label: () => text.backup, when: always, run: () => void backUp() },
  ...pages,
  { id: 'commands', icon: CircleHelp, keys: 'Ctrl K', label: () => text.commands, when: always, run: openPalette },
  { id: 'shortcuts', icon: Keyboard, keys: 'F1', label: () => text.shortcuts, when: always, run: openShortcuts },
  { id: 'about', icon: Info, keys: null, label: () => text.about, when: always, run: () => go({ view: 'settings', page: 'about' }) },
];
