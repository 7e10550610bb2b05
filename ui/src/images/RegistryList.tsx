// The registries that are asked or set: as whom, how, and what they say of being asked.
import { KeyRound, Plus, Warehouse } from 'lucide-react';
import { useState } from 'react';
import { openEntries } from '../actions/menu';
import type { FleetImages } from '../bindings/FleetImages';
import type { RegistryRow } from '../bindings/RegistryRow';
import type { RegistrySetting } from '../bindings/RegistrySetting';
import { useNow } from '../live/clock';
import { More, onRow, type OpenAt } from '../parts/More';
import { Badge, Status } from '../parts/Status';
import { words } from '../words/en';
import { count, exact, when } from '../words/format';
import { allowanceInWords, entriesOf, type RegistryTask } from './registries';
import { RegistryDialog } from './RegistryDialog';
import { Rhythm } from './Rhythm';

const text = words.registries;

export function RegistryList({ read }: { read: FleetImages }) {
  const { registries } = read;
  const [task, open] = useState<RegistryTask | null>(null);
  return (
    <>
      <div className="sums small t3">
        <span className="el" title={text.sealed}>{text.sealed}</span>
        <span className="fill" />
        <Rhythm read={read} />
        <button type="button" className="button compact" onClick={() => open({ kind: 'find' })} data-testid="registry-find"><KeyRound className="icon small" aria-hidden />{text.actions.find}</button>
        <button type="button" className="button compact" onClick={() => open({ kind: 'add' })} data-testid="registry-add"><Plus className="icon small" aria-hidden />{text.actions.add}</button>
      </div>
      {registries.length === 0 ? <NoRegistries /> : <Table registries={registries} onOpen={open} />}
      {task !== null && <RegistryDialog task={task} registries={registries} onClose={() => open(null)} />}
    </>
  );
}

function NoRegistries() {
  return (
    <div className="empty" data-testid="registries-none">
      <Warehouse className="t3" size={40} strokeWidth={1.2} aria-hidden />
      <h2>{text.none}</h2>
      <p>{text.noneText}</p>
    </div>
  );
}

function Table({ registries, onOpen }: { registries: readonly RegistryRow[]; onOpen: (task: RegistryTask) => void }) {
  return (
    <div className="registry-list scrolls">
      <div role="table" aria-label={text.label}>
        <div role="rowgroup">
          <div className="line-row head" role="row">
            {(['name', 'images', 'user', 'state', 'how'] as const).map((column) => <span key={column} role="columnheader" className={column === 'images' ? 'num' : undefined}>{text.columns[column]}</span>)}
            <span role="columnheader"><span className="unseen">{text.columns.more}</span></span>
          </div>
        </div>
        <div role="rowgroup">
          {registries.map((row) => <Registry key={row.name} row={row} onOpen={onOpen} />)}
        </div>
      </div>
    </div>
  );
}

function Registry({ row, onOpen }: { row: RegistryRow; onOpen: (task: RegistryTask) => void }) {
  const menu: OpenAt = (x, y, back) => openEntries({ x, y }, row.name, entriesOf(row, onOpen), back);
  return (
    <div className="line-row" role="row" onContextMenu={onRow(menu)} data-testid={`registry-${row.name}`}>
      <span role="cell" className="t1 el" title={row.name}>{row.name}</span>
      <span role="cell" className="num">{count(row.images)}</span>
      <span role="cell" className="el" title={row.user ?? undefined}>{row.user === null ? <span className="t3">{text.anonymous}</span> : text.user(row.user)}</span>
      <span role="cell" className="verdict"><Standing row={row} /></span>
      <span role="cell" className="hs tight wraps"><How setting={row.setting} /></span>
      <span role="cell"><More label={text.menu(row.name)} testId={`more-${row.name}`} onOpen={menu} /></span>
    </div>
  );
}

/** Its own subscription to the clock. A registry of which nothing is told is not said to be well. */
function Standing({ row: { restsUntil, trouble, allowance } }: { row: RegistryRow }) {
  const now = useNow();
  return (
    <>
      {trouble !== null && <Status tone="error" glyph="err">{trouble}</Status>}
      {restsUntil !== null && restsUntil > now && <Status tone="caution" glyph="wait" title={exact(restsUntil)}>{words.images.limited(when(restsUntil, now))}</Status>}
      {allowance !== null && <span title={text.toldAt(exact(allowance.at))}>{allowanceInWords(allowance, now)}</span>}
    </>
  );
}

function How({ setting }: { setting: RegistrySetting | null }) {
  if (setting === null || (setting.mirror === null && !setting.insecure && setting.caPem === null)) return <span className="t3">{text.usual}</span>;
  return (
    <>
      {setting.mirror !== null && <span className="el" title={setting.mirror}>{text.mirror(setting.mirror)}</span>}
      {setting.insecure && <Badge tone="caution" title={text.insecureText}>{text.insecure}</Badge>}
      {setting.caPem !== null && <Badge>{text.certificate}</Badge>}
    </>
  );
}
