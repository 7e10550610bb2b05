// A group of the tree: its LXCs together, and the next step for what the group is about.
import { pending } from '../actions/able';
import { scopeOfRow } from '../actions/scope';
import { useLive } from '../live/store';
import { useGroups } from '../tree/grouped';
import { CloseButton } from './CloseButton';
import { Several } from './SelectionPanel';

export function GroupPanel({ groupKey }: { groupKey: string }) {
  const fleet = useLive((live) => live.fleet);
  const group = useGroups()?.find(({ key }) => key === groupKey);
  const scope = group === undefined ? null : scopeOfRow(fleet, groupKey, true);
  if (group === undefined || scope === null) return null;
  const { part, guests } = scope;
  const sum = (kind: 'total' | 'security'): number => guests.reduce((all, guest) => all + (pending(guest)?.[kind] ?? 0), 0);
  return <Several title={group.name} scope={scope} total={part?.total ?? sum('total')} security={part?.security ?? sum('security')} leave={<CloseButton />} />;
}
