// Which view is on the screen.
import { create } from 'zustand';

export const SETTINGS_PAGES = ['general', 'clusters', 'access', 'agents', 'scanning', 'notifications', 'security', 'data', 'appearance', 'about'] as const;
export type SettingsPage = (typeof SETTINGS_PAGES)[number];

export type Place =
  | { view: 'fleet' }
  | { view: 'updates' }
  | { view: 'images' }
  | { view: 'operations' }
  | { view: 'operation'; id: string; job: string | null }
  | { view: 'history' }
  | { view: 'audit' }
  | { view: 'settings'; page: SettingsPage }
  | { view: 'wizard' };

export const usePlace = create<{ place: Place; drawer: boolean }>(() => ({ place: { view: 'fleet' }, drawer: true }));

export function go(place: Place): void {
  usePlace.setState({ place });
}

export function toggleDrawer(): void {
  usePlace.setState(({ drawer }) => ({ drawer: !drawer }));
}
