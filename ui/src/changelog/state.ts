// Whose changelog is on the screen.
import { create } from 'zustand';

export interface Wanted {
  guest: string;
  /** Name of the LXC that fetches it. */
  name: string;
  package: string;
}

export const useChangelog = create<{ of: Wanted | null }>(() => ({ of: null }));

export function openChangelog(of: Wanted): void {
  useChangelog.setState({ of });
}

export function closeChangelog(): void {
  useChangelog.setState({ of: null });
}
