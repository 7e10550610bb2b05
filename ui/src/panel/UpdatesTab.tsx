// The pending updates of a guest as its agent reported them, or why there is no list.
import type { GuestDetails } from '../bindings/GuestDetails';
import type { GuestRow } from '../bindings/GuestRow';
import type { PackageScan } from '../bindings/PackageScan';
import type { Update } from '../bindings/Update';
import { clusterKey } from '../live/fleet';
import { useCluster } from '../live/store';
import type { Detail } from '../live/details';
import { useNow } from '../live/clock';
import { ErrorNote, Note } from '../parts/Note';
import { Status } from '../parts/Status';
import { words } from '../words/en';
import { age, exact } from '../words/format';
import { Marked } from './Marked';
import { sizeOf, sorted } from './packages';
import { ruleInWords, ruleOf, whereOf } from './ruling';
import { Unread } from './Unread';
import { UpdateItem } from './UpdateItem';

const text = words.panel;
type Apt = Extract<PackageScan, { kind: 'apt' }>;

export function UpdatesTab({ row, detail, aside }: { row: GuestRow; detail: Detail | undefined; aside: number }) {
  const details = detail?.details ?? null;
  return (
    <>
      <Unread row={row} detail={detail} />
      <Standing row={row} aside={aside} />
      {details?.inventory == null ? detail?.loading === true && <p className="p-4 small t3">{text.reading}</p> : <Reported row={row} details={details} inventory={details.inventory} />}
    </>
  );
}

/** What the row says where a list alone would mislead. */
function Standing({ row, aside }: { row: GuestRow; aside: number }) {
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
      return <div className="px-4 pt-3 hs wide wraps" data-testid="standing">{row.old ? <Status tone="mute" glyph="unk">{words.updateState.wasUpToDate}</Status> : <Status tone="ok" glyph="ok">{words.updateState.upToDate}</Status>}<Marked approved={0} aside={aside} /></div>;
    case 'updates':
      return null;
  }
}

function Reported({ row, details, inventory }: { row: GuestRow; details: GuestDetails; inventory: NonNullable<GuestDetails['inventory']> }) {
  const { packages } = inventory;
  if (packages.kind === 'failed') return null;
  if (packages.kind === 'unsupported') return null;
  return (
    <>
      <Groups row={row} details={details} scan={packages} />
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

function Groups({ row, details, scan }: { row: GuestRow; details: GuestDetails; scan: Apt }) {
  const cluster = useCluster(clusterKey(row.cluster));
  // As the counts have it: what is ignored or snoozed is that first, what cannot be installed anyway needs no hold.
  const free = scan.updates.filter((update) => {
    const kind = ruleOf(details.rules, update.package)?.kind;
    return kind === undefined || (kind === 'hold' && update.blocked !== null);
  });
  const ruled = scan.updates.filter((update) => !free.includes(update));
  const { security, other, blocked } = sorted(free);
  const size = sizeOf([...security, ...other]);
  const general = details.rules.find((one) => one.package === null)?.rule;
  const approvalOf = (update: Update) => details.approvals.find((one) => one.package === update.package && one.arch === update.arch) ?? null;
  const approved = [...security, ...other].filter((update) => approvalOf(update) !== null).length;
  const item = (update: Update) => (
    <UpdateItem
      key={`${update.package}:${update.arch}`}
      row={row}
      cluster={cluster}
      update={update}
      approval={approvalOf(update)}
      rule={ruleOf(details.rules, update.package)}
    />
  );
  return (
    <>
      {scan.interrupted !== null && <div className="p-4"><Note tone="caution" glyph="lock"><p className="medium">{text.interrupted}</p><p className="mono mt-1">{scan.interrupted}</p></Note></div>}
      {security.length + other.length > 0 && (
        <div className="sect">
          <b>{text.apt}</b>
          {security.length + other.length}
          {approved > 0 && <span data-testid="approved-count">{words.approvals.of(approved, security.length + other.length)}</span>}
          <span className="fill" />
          {size > 0 && text.download(size)}
        </div>
      )}
      {[...security, ...other].map(item)}
      {blocked.length > 0 && <div className="sect ruled mt-2"><b>{text.heldBack}</b>{blocked.length}</div>}
      {blocked.map(item)}
      {ruled.length > 0 && <div className="sect ruled mt-2"><b>{words.rules.byRules}</b>{ruled.length}</div>}
      {general !== undefined && (
        <div className="px-4 pt-3 pb-2">
          <Note tone={general.kind === 'hold' ? 'caution' : undefined} glyph={general.kind === 'hold' ? 'held' : 'old'} testId="rule-all">
            <p title={words.rules.by(general.by, exact(general.at))}>{words.rules.stands(whereOf(general), ruleInWords(general.kind, general.until))}</p>
          </Note>
        </div>
      )}
      {ruled.map(item)}
    </>
  );
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
