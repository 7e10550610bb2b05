// What a guest's agent reported, read when somebody looks and again when it may have changed.
import { create } from 'zustand';
import type { GuestDetails } from '../bindings/GuestDetails';
import type { GuestRow } from '../bindings/GuestRow';
import { CommandError, rpc } from '../host';

export interface Detail {
  /** Of the row for which it was read: another mark means that it must be read again. */
  mark: string;
  loading: boolean;
  details: GuestDetails | null;
  problem: CommandError | null;
}

export const useDetails = create<{ byGuest: ReadonlyMap<string, Detail> }>(() => ({ byGuest: new Map() }));

export const useDetail = (guest: string): Detail | undefined => useDetails((all) => all.byGuest.get(guest));

function put(guest: string, detail: Detail): void {
  useDetails.setState((all) => ({ byGuest: new Map(all.byGuest).set(guest, detail) }));
}

/** What of a row tells that its packages, images or receipts changed. */
export function markOf(row: GuestRow): string {
  return JSON.stringify([row.checkedAt, row.updates, row.images, row.agent.kind, row.activity === null]);
}

/** Reads a guest's details unless they are those of this row already. */
export async function readDetails(row: GuestRow): Promise<void> {
  const mark = markOf(row);
  const known = useDetails.getState().byGuest.get(row.id);
  if (known?.mark === mark) return;
  put(row.id, { mark, loading: true, details: known?.details ?? null, problem: null });
  try {
    const details = await rpc('guest_details', { guest: row.id });
    if (current(row.id) === mark) put(row.id, { mark, loading: false, details, problem: null });
  } catch (thrown) {
    if (current(row.id) === mark) {
      put(row.id, { mark, loading: false, details: known?.details ?? null, problem: CommandError.from(thrown) });
    }
  }
}

const current = (guest: string) => useDetails.getState().byGuest.get(guest)?.mark;

/** Everything must be read again: events were missed, or the user asks for a second try. */
export function forgetDetails(guest?: string): void {
  useDetails.setState((all) => {
    const byGuest = new Map(all.byGuest);
    for (const [id, detail] of all.byGuest) {
      if (guest === undefined || guest === id) byGuest.set(id, { ...detail, mark: '' });
    }
    return { byGuest };
  });
}
