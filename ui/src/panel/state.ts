// Whether the panel is open, and which tab of a guest it shows.
import { create } from 'zustand';

export type GuestTab = 'updates' | 'history';

export const usePanel = create<{ open: boolean; tab: GuestTab; receipt: string | null }>(() => ({
  open: false,
  tab: 'updates',
  receipt: null,
}));

export function openPanel(open: boolean): void {
  usePanel.setState({ open });
}
