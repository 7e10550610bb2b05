// Short messages at the edge of the window: what was started, what failed.
import { create } from 'zustand';
import { CommandError } from '../host';

export interface Notice {
  id: number;
  tone: 'ok' | 'error';
  message: string;
  words: string | null;
  next: string | null;
}

const MESSAGE_MS = 6000;
export const useNotices = create<{ notices: readonly Notice[] }>(() => ({ notices: [] }));
let last = 0;

function add(notice: Omit<Notice, 'id'>): number {
  last += 1;
  const id = last;
  useNotices.setState(({ notices }) => ({ notices: [...notices.slice(-3), { ...notice, id }] }));
  return id;
}

export function dismiss(id: number): void {
  useNotices.setState(({ notices }) => ({ notices: notices.filter((notice) => notice.id !== id) }));
}

/** Something began or was done. Goes away by itself. */
export function tell(message: string): void {
  const id = add({ tone: 'ok', message, words: null, next: null });
  setTimeout(() => dismiss(id), MESSAGE_MS);
}

/** Something failed. Stays until it is closed. */
export function fail(thrown: unknown): void {
  const error = CommandError.from(thrown);
  add({ tone: 'error', message: error.message, words: error.words, next: error.next });
}
