// The pending updates of a guest as its agent reported them, or why there is no list.
import type { Blocked } from '../bindings/Blocked';
import type { GuestRow } from '../bindings/GuestRow';
import type { Inventory } from '../bindings/Inventory';
import type { PackageScan } from '../bindings/PackageScan';
import type { Update } from '../bindings/Update';
import { forgetDetails, readDetails, type Detail } from '../live/details';
import { useNow } from '../live/clock';
import { ErrorNote, Note } from '../parts/Note';
import { Badge, Status, Version } from '../parts/Status';
import { words } from '../words/en';
import { age, bytes, exact, list } from '../words/format';
import { isSecurity, sizeOf, sorted } from './packages';

const text = words.panel;
type Apt = Extract<PackageScan, { kind: 'apt' }>;

export function UpdatesTab({ row, detail }: { row: GuestRow; detail: Detail | undefined }) {
  const inventory = detail?.details?.inventory ?? null;
  return (
    <>
      {detail?.problem != null && (
        <div className="p-4"><ErrorNote error={detail.problem} action={<button type="button" className="button compact" onClick={() => again(row)}>{words.tryAgain}</button>} /></div>
      )}
      <Standing row={row} />
      {inventory === null ? detail?.loading === true && <p className="p-4 small t3">{text.reading}</p> : <Reported inventory={inventory} />}
    </>
  );
}

function again(row: GuestRow): void {
  forgetDetails(row.id);
  void readDetails(row);
}

/** What the row says where a list alone would mislead. */
function Standing({ row }: { row: GuestRow }) {
  const { updates } = row;
  switch (updates.kind) {
    case 'unknown':
      return <div className="px-4 pt-3"><Note glyph="unk">{words.unknownWhy[updates.why]}</Note></div>;
    case 'stale':
      return <div className="px-4 pt-3"><Note tone="caution" glyph="old">{words.unknownWhy.old(exact(updates.since))}</Note></div>;
    case 'error':
      return <div className="px-4 pt-3"><ErrorNote error={{ message: words.updateState.scanFailed, words: updates.reason, next: null }} /></div>;
    case 'unsupported':
      return <div className="px-4 pt-3"><Note glyph="uns">{updates.reason}</Note></div>;
    case 'upToDate':
      return <div className="px-4 pt-3">{row.old ? <Status tone="mute" glyph="unk">{words.updateState.wasUpToDate}</Status> : <Status tone="ok" glyph="ok">{words.updateState.upToDate}</Status>}</div>;
    case 'updates':
      return null;
  }
}

function Reported({ inventory }: { inventory: Inventory }) {
  const { packages } = inventory;
  if (packages.kind === 'failed') return null;
  if (packages.kind === 'unsupported') return null;
  return (
    <>
      <Groups scan={packages} />
      {inventory.restarts.length > 0 && (
        <>
          <div className="sect ruled mt-2"><b>{text.restarts}</b></div>
          <p className="px-4 pb-2 small t2">{inventory.restarts.join(', ')}</p>
        </>
      )}
      <Lists scan={packages} />
    </>
  );
}

function Groups({ scan }: { scan: Apt }) {
  const { security, other, blocked } = sorted(scan.updates);
  const size = sizeOf([...security, ...other]);
  return (
    <>
      {scan.interrupted !== null && <div className="p-4"><Note tone="caution" glyph="lock"><p className="medium">{text.interrupted}</p><p className="mono mt-1">{scan.interrupted}</p></Note></div>}
      {security.length + other.length > 0 && (
        <div className="sect"><b>{text.apt}</b>{security.length + other.length}<span className="fill" />{size > 0 && text.download(size)}</div>
      )}
      {[...security, ...other].map((update) => <Item key={`${update.package}:${update.arch}`} update={update} />)}
      {blocked.length > 0 && <div className="sect ruled mt-2"><b>{text.heldBack}</b>{blocked.length}</div>}
      {blocked.map((update) => <Item key={`${update.package}:${update.arch}`} update={update} />)}
    </>
  );
}

function Item({ update }: { update: Update }) {
  return (
    <div className="item" data-testid={`update-${update.package}`}>
      <div className="min-w-0">
        <div className="el t1" title={`${update.package}:${update.arch}`}>{update.package}</div>
        <Version from={update.installed} to={update.candidate} not={update.blocked !== null} />
      </div>
      <div className="hs tight mt-0.5">
        {isSecurity(update.severity) && <Badge tone="sec" glyph="sec">{words.severities[update.severity]}</Badge>}
        {update.blocked !== null && <Badge tone="caution" glyph="held">{text.heldBack}</Badge>}
      </div>
      <div className="why hs">
        <span className="el" title={update.origin}>{update.blocked === null ? update.suite : blockedWhy(update.blocked)}</span>
        <span className="fill" />
        {update.size !== null && <span className="num">{bytes(update.size)}</span>}
      </div>
    </div>
  );
}

export function blockedWhy(blocked: Blocked): string {
  switch (blocked.kind) {
    case 'keptBack':
      return words.blocked.keptBack(blocked.why);
    case 'removes':
      return words.blocked.removes(list(blocked.packages));
    case 'held':
    case 'phased':
    case 'pinned':
      return words.blocked[blocked.kind];
  }
}

function Lists({ scan }: { scan: Apt }) {
  const now = useNow();
  const broken = scan.repositories.filter((repository) => repository.error !== null);
  return (
    <>
      <div className="sect ruled mt-2"><b>{text.repositories}</b><span className="fill" />{scan.listsAt === null ? text.neverFetched : <span title={exact(scan.listsAt)}>{`${text.listsAt} ${age(scan.listsAt, now)}`}</span>}</div>
      {broken.map((repository) => (
        <div key={repository.name} className="px-4 pb-2">
          <Note tone="caution" glyph="err"><p className="mono">{repository.name}</p><p className="mono t2 mt-1">{repository.error}</p></Note>
        </div>
      ))}
    </>
  );
}
