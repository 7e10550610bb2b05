// Everything that is pending in the fleet, what of it is approved, and the rules that set some of it aside.
import { CircleArrowUp, RefreshCw } from 'lucide-react';
import { useMemo, useState } from 'react';
import { Segments } from '../parts/Choice';
import { Find } from '../parts/Find';
import { words } from '../words/en';
import { ApprovedList } from './ApprovedList';
import { GroupList } from './GroupList';
import { type GroupBy, live, rowsOf, search } from './groups';
import { RuleList } from './RuleList';
import { Trouble } from './Trouble';
import { useFleetUpdates } from './useFleetUpdates';

const text = words.fleetUpdates;
const PARTS = ['updates', 'approved', 'rules'] as const;
const GROUPS = ['source', 'severity', 'origin'] as const;

export function UpdatesView() {
  const [part, setPart] = useState<(typeof PARTS)[number]>('updates');
  const [by, setBy] = useState<GroupBy>('source');
  const [find, setFind] = useState('');
  return (
    <main className="main alone" data-region="main" data-testid="updates-view">
      <div className="tool">
        <h1>{text.title}</h1>
        <Segments label={text.part} value={part} options={PARTS.map((one) => [one, text.parts[one]])} onChange={setPart} testId="updates-part" />
        <span className="fill" />
        {part === 'updates' && <Segments label={text.group} value={by} options={GROUPS.map((one) => [one, text.groups[one]])} onChange={setBy} testId="updates-by" />}
        {part === 'updates' && <Find search={find} onSearch={setFind} text={text} testId="updates-search" />}
      </div>
      {part === 'updates' ? <All by={by} find={find} /> : part === 'approved' ? <ApprovedList /> : <RuleList />}
    </main>
  );
}

function All({ by, find }: { by: GroupBy; find: string }) {
  const asked = useFleetUpdates();
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set());
  const groups = asked.answer?.groups ?? null;
  const found = useMemo(() => (groups === null ? [] : search(groups, find)), [groups, find]);
  const rows = useMemo(() => rowsOf(found, by, open), [found, by, open]);
  function toggle(key: string): void {
    const next = new Set(open);
    if (!next.delete(key)) next.add(key);
    setOpen(next);
  }
  const now = found.flatMap(live);
  return (
    <>
      <Trouble asked={asked} testId="updates-error" />
      {groups === null && asked.problem === null && <p className="p-4 small t3" role="status">{text.reading}</p>}
      {groups !== null && groups.length === 0 && <NothingPending />}
      {groups !== null && groups.length > 0 && found.length === 0 && <p className="p-4 t2" role="status" data-testid="updates-no-match">{text.noMatch(find.trim())}</p>}
      {found.length > 0 && (
        <>
          <p className="sums small t3" role="status" data-testid="updates-sums">
            {text.sums(now.length, found.length, new Set(now.map((update) => update.guest)).size)}
            <button type="button" className="button ghost square compact" aria-label={text.again} title={text.again} disabled={asked.loading} onClick={asked.again} data-testid="updates-again"><RefreshCw className="icon small" aria-hidden /></button>
          </p>
          <GroupList rows={rows} found={found} all={groups ?? found} onToggle={toggle} />
        </>
      )}
    </>
  );
}

function NothingPending() {
  return (
    <div className="empty" data-testid="updates-none">
      <CircleArrowUp className="t3" size={40} strokeWidth={1.2} aria-hidden />
      <h2>{text.none}</h2>
      <p>{text.noneText}</p>
    </div>
  );
}
