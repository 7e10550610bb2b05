// Short messages at the edge of the window: what was started, what failed.
import { create } from 'zustand';
import { CommandError } from '../host';

/** A button of a notice, such as the one that takes back what it tells of. */
export interface NoticeAction {
  label: string;
  run: () => void;
}

export interface Notice {
  id: number;
  tone: 'ok' | 'error';
  message: string;
  words: string | null;
  next: string | null;
  action: NoticeAction | null;
}

const MESSAGE_MS = 6000;
/** Long enough to come to its button by keys. */
const ACTION_MS = 15_000;
export const useNotices = create<{ notices: readonly Notice[] }>(() => ({ notices: [] }));
let last = 0;
const timers = new Map<number, ReturnType<typeof setTimeout>>();

function add(notice: Omit<Notice, 'id'>): number {
  last += 1;
  const id = last;
  useNotices.setState(({ notices }) => ({ notices: [...notices.slice(-3), { ...notice, id }] }));
  return id;
}

export function dismiss(id: number): void {
  hold(id);
  useNotices.setState(({ notices }) => ({ notices: notices.filter((notice) => notice.id !== id) }));
}

/** It does not go away under the pointer, nor while its button has the focus. */
export function hold(id: number): void {
  clearTimeout(timers.get(id));
  timers.delete(id);
}

/** A failure stays until it is closed. */
export function release({ id, tone, action }: Pick<Notice, 'id' | 'tone' | 'action'>): void {
  hold(id);
  if (tone === 'ok') timers.set(id, setTimeout(() => dismiss(id), action === null ? MESSAGE_MS : ACTION_MS));
}

/** Something began or was done. Goes away by itself. */
export function tell(message: string, action: NoticeAction | null = null): void {
  release({ id: add({ tone: 'ok', message, words: null, next: null, action }), tone: 'ok', action });
}

/** Something failed. Stays until it is closed. */
export function fail(thrown: unknown): void {
  const error = CommandError.from(thrown);
  add({ tone: 'error', message: error.message, words: error.words, next: error.next, action: null });
}
