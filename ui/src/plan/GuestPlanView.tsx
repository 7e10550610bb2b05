// Right in the plan: everything that will happen to one guest.
import type { GuestPlan } from '../bindings/GuestPlan';
import type { PackageChange } from '../bindings/PackageChange';
import type { PlannedGuest } from '../bindings/PlannedGuest';
import type { PlannedUpgrade } from '../bindings/PlannedUpgrade';
import { isSecurity } from '../panel/packages';
import { Note } from '../parts/Note';
import { Badge, Meter, Status, Version } from '../parts/Status';
import { words } from '../words/en';
import { bytes, list } from '../words/format';
import { osName } from '../words/places';
import { AgentWork } from './AgentWork';
import { ImageWork } from './ImageWork';
import { Points } from './Points';
import { RepairWork } from './RepairWork';
import { RestartWork } from './RestartWork';

const text = words.plan;

export function GuestPlanView({ guest }: { guest: PlannedGuest }) {
  const { work } = guest;
  const security = work.kind === 'update' ? work.plan.upgraded.filter((upgrade) => isSecurity(upgrade.severity)).length : 0;
  return (
    <>
      <div className="hs">
        <span className="id">{guest.vmid}</span>
        <h2 className="semi text-lg">{guest.name}</h2>
        <span className="small t3 el">{[guest.node, guest.os === null ? null : osName(guest.os)].filter(Boolean).join(' · ')}</span>
        <span className="fill" />
        {security > 0 && <span className="small"><Status tone="sec" glyph="sec">{text.security_n(security)}</Status></span>}
      </div>
      <WorkView guest={guest} />
    </>
  );
}

function WorkView({ guest }: { guest: PlannedGuest }) {
  const { work } = guest;
  switch (work.kind) {
    case 'update':
      return (
        <>
          <Moved moved={work.moved} />
          <Packages plan={work.plan} />
        </>
      );
    case 'updateImages':
      return <ImageWork plan={work.plan} />;
    case 'repair':
      return <RepairWork said={work.words} />;
    case 'restartGuest':
      return <RestartWork patience={work.patience} />;
    case 'enrol':
    case 'restartAgent':
    case 'removeAgent':
    case 'upgradeAgent':
      return <AgentWork guest={guest} work={work} />;
  }
}

/** What is not as it was approved: read before the list. */
function Moved({ moved }: { moved: readonly string[] }) {
  if (moved.length === 0) return null;
  return (
    <Note tone="caution" glyph="back" testId="plan-moved">
      <p className="medium">{words.approvals.moved}</p>
      <ul className="points">{moved.map((what) => <li key={what}>{what}</li>)}</ul>
    </Note>
  );
}

function Packages({ plan }: { plan: GuestPlan }) {
  return (
    <>
      <div className="card">
        {plan.upgraded.length > 0 && (
          <div className="line-row package head"><span>{`${text.upgraded}, ${plan.upgraded.length}`}</span><span>{text.version}</span><span /><span className="num">{text.size}</span></div>
        )}
        {plan.upgraded.map((upgrade) => <Upgrade key={`${upgrade.package}:${upgrade.arch}`} upgrade={upgrade} />)}
        <Changes title={text.added} changes={plan.added} />
        <Changes title={text.removedHead} changes={plan.removed} />
        {plan.keptBack.length > 0 && <div className="line-row package head"><span>{`${text.keptBack}, ${plan.keptBack.length}`}</span></div>}
        {plan.keptBack.map((kept) => (
          <div key={kept.package} className="line-row package">
            <span className="lead el" title={kept.package}>{kept.package}</span>
            <span className="col-span-3 min-w-0"><Status tone="caution" glyph="held" title={kept.why}>{kept.why}</Status></span>
          </div>
        ))}
      </div>
      <Facts plan={plan} />
      <div className="grid grid-cols-2 gap-3 small">
        <Points title={text.done} points={text.doneList} tone="ok" glyph="ok" />
        <Points title={text.cannot} points={text.cannotList} tone="mute" glyph="uns" />
      </div>
      <p className="small t3">{text.cannotHint}</p>
    </>
  );
}

function Upgrade({ upgrade }: { upgrade: PlannedUpgrade }) {
  return (
    <div className="line-row package" data-testid={`plan-package-${upgrade.package}`}>
      <span className="lead el" title={`${upgrade.package}:${upgrade.arch}`}>{upgrade.package}</span>
      <Version from={upgrade.from} to={upgrade.to} />
      <span className="hs">
        {isSecurity(upgrade.severity) ? <Badge tone="sec" glyph="sec">{words.severities[upgrade.severity]}</Badge> : null}
        <span className="t3 el" title={`${upgrade.origin} ${upgrade.suite}`}>{upgrade.suite}</span>
      </span>
      <span className="num">{upgrade.size === null ? words.none : bytes(upgrade.size)}</span>
    </div>
  );
}

function Changes({ title, changes }: { title: string; changes: readonly PackageChange[] }) {
  if (changes.length === 0) return null;
  return (
    <>
      <div className="line-row package head"><span>{`${title}, ${changes.length}`}</span></div>
      {changes.map((change) => (
        <div key={`${change.package}:${change.arch}`} className="line-row package">
          <span className="lead el" title={`${change.package}:${change.arch}`}>{change.package}</span>
          <Version from={change.from} to={change.to} />
          <span>{change.to === null && <Badge tone="caution" glyph="uns">{text.removedHead}</Badge>}</span>
          <span className="num">{words.none}</span>
        </div>
      ))}
    </>
  );
}

function Facts({ plan }: { plan: GuestPlan }) {
  const tight = plan.diskNeeded > plan.diskFree;
  const share = plan.diskFree === 0 ? 1 : plan.diskNeeded / plan.diskFree;
  return (
    <div className="facts">
      <div>
        <h3>{text.wayBack}</h3>
        <b>{text.noWayBack}</b>
        <div className="t3 mt-1">{text.noSnapshots}</div>
      </div>
      <div>
        <h3>{text.space}</h3>
        <b>{bytes(plan.download)}</b>
        {` ${text.downloaded}`}
        <div className="mt-2 mb-1"><Meter share={share} label={text.needed(plan.diskNeeded, plan.diskFree)} tone={tight ? 'error' : undefined} /></div>
        <span className={tight ? 'status error' : 't3'}>{tight ? `${text.tight}: ` : ''}{text.needed(plan.diskNeeded, plan.diskFree)}</span>
      </div>
      <div>
        <h3>{text.restarts}</h3>
        <b>{plan.restarts.length === 0 ? text.noRestarts : list(plan.restarts)}</b>
        <div className="t3 mt-1">{text.reboot}</div>
      </div>
      {plan.conffiles.length > 0 && (
        <div data-testid="plan-conffiles">
          <h3>{text.conffiles}</h3>
          <b>{list(plan.conffiles)}</b>
          <div className="t3 mt-1">{text.conffilesHint}</div>
        </div>
      )}
    </div>
  );
}
