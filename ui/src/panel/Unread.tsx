// Why the details of a guest could not be read, and the second try.
import type { GuestRow } from '../bindings/GuestRow';
import { type Detail, forgetDetails, readDetails } from '../live/details';
import { ErrorNote } from '../parts/Note';
import { words } from '../words/en';

export function Unread({ row, detail }: { row: GuestRow; detail: Detail | undefined }) {
  if (detail?.problem == null) return null;
  const again = () => {
    forgetDetails(row.id);
    void readDetails(row);
  };
  return <div className="p-4"><ErrorNote error={detail.problem} action={<button type="button" className="button compact" onClick={again}>{words.tryAgain}</button>} /></div>;
}
