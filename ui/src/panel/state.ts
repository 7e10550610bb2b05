// Whether the panel is open, and which tab of a guest or cluster it shows.
import { create } from 'zustand';

export type GuestTab = 'updates' | 'images' | 'history' | 'resources' | 'agent' | 'settings';
export type ClusterTab = 'details' | 'log';

/** Walking through the tree with the arrows must not ask for every row that is passed. */
export const PAUSE_MS = 120;

export const usePanel = create<{ open: boolean; tab: GuestTab; clusterTab: ClusterTab; receipt: string | null }>(() => ({
  open: false,
  tab: 'updates',
  clusterTab: 'details',
  receipt: null,
}));

export function openPanel(open: boolean): void {
  usePanel.setState({ open });
}
