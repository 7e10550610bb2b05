// Right in the plan: what will be done to the agent of one guest.
import type { PlannedGuest } from '../bindings/PlannedGuest';
import type { PlannedWork } from '../bindings/PlannedWork';
import { Note } from '../parts/Note';
import { words } from '../words/en';
import { osName } from '../words/places';
import { StepCard } from './StepCard';

const text = words.plan;

type Work = Exclude<PlannedWork, { kind: 'update' | 'repair' | 'updateImages' | 'restartGuest' }>;

export function AgentWork({ guest, work }: { guest: PlannedGuest; work: Work }) {
  return (
    <>
      {work.kind === 'enrol' && work.start && <Note tone="caution" glyph="run" testId="plan-starts">{text.startedNote}</Note>}
      {work.kind === 'enrol' && work.takeOver && <Note tone="caution" glyph="back" testId="plan-takes-over">{text.takeOverNote}</Note>}
      {work.kind === 'enrol' && work.shell && <Note tone="caution" glyph="lock" testId="plan-opens-console">{text.shellNote(work.start)}</Note>}
      <div className="facts">
        {work.kind !== 'upgradeAgent' && <Fact name={text.reach} is={work.reach} />}
        {work.kind !== 'removeAgent' && <Fact name={text.system} is={guest.os === null ? words.state.unknown : osName(guest.os)} />}
        {outcome(work).map(([name, is]) => <Fact key={name} name={name} is={is} />)}
      </div>
      <StepCard steps={stepsOf(work)} />
      {work.kind === 'removeAgent' && <p className="small t3">{text.removeHint}</p>}
    </>
  );
}

function Fact({ name, is }: { name: string; is: string }) {
  return <div><h3>{name}</h3><b>{is}</b></div>;
}

/** What is different afterwards. */
function outcome(work: Work): [string, string][] {
  switch (work.kind) {
    case 'enrol':
      return [[text.leaves, text.enrolLeaves]];
    case 'restartAgent':
      return [[text.restartChanges, text.restartOnly]];
    case 'upgradeAgent':
      return [[text.upgradeFrom, work.from], [text.upgradeTo, work.to]];
    case 'removeAgent':
      return [[text.goes, text.goesList], [text.stays, text.staysList]];
  }
}

function stepsOf(work: Work): readonly string[] {
  switch (work.kind) {
    case 'enrol': {
      const [check, ...rest] = text.stepList;
      const { start, shell } = work;
      return [
        start ? text.stepCheckStopped : check, ...(shell ? [text.stepOpen] : []), ...(start ? [text.stepStart] : shell ? [text.stepRestart] : []),
        ...rest, ...(start ? [text.stepStop] : []), ...(shell ? [text.stepClose] : []), ...(shell && !start ? [text.stepRestartAgain] : []),
      ];
    }
    case 'restartAgent':
      return text.restartList;
    case 'upgradeAgent':
      return text.upgradeList;
    case 'removeAgent':
      return text.removeList;
  }
}
