// The audit as far as it was read: the newest entries first, older ones when they are asked for.
import { type Answer, rpc } from '../host';
import { type Paged, usePaged } from '../live/paged';

export type Entry = Answer<'read_audit'>['entries'][number];

const PAGE = 100;

export function useAudit(search: string): Paged<Entry> {
  return usePaged<Entry>(
    search,
    '',
    async (search, last) => {
      const { entries, more } = await rpc('read_audit', { search, before: last?.id ?? null, limit: PAGE });
      return { rows: entries, more };
    },
    (entry) => String(entry.id),
  );
}
