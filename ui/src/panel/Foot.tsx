// The foot of the panel: the next step in red, scan, and everything else behind the three dots.
import { Ellipsis, Radar } from 'lucide-react';
import type { MouseEvent } from 'react';
import { openMenu } from '../actions/menu';
import { action, type ActionId } from '../actions/registry';
import { rowOf, type Scope } from '../actions/scope';
import { useTreeView } from '../tree/view';
import { words } from '../words/en';

const text = words.panel;

/** `images`: it stands below the images of an LXC, so that these are what is updated next. */
export function Foot({ scope, images = false }: { scope: Scope; images?: boolean }) {
  const several = scope.one === null;
  // Below a group, or on a package, the keys of the tree are about less than the whole LXC that stands here.
  const whole = useTreeView(({ focus, ticked }) => focus === null || ticked.size > 0 || rowOf(focus) === focus);
  const next = nextStep(scope, images);
  const n = scope.part?.targets.length ?? scope.guests.length;
  const labels: Record<Next, string> = {
    'install-approved': words.approvals.next(scope.guests.reduce((sum, guest) => sum + guest.approved, 0)),
    'update-images': words.renewal.plan,
    update: several ? text.planSeveral(n) : text.plan,
    enrol: several ? text.installSeveral(n) : text.installAgent,
    'restart-agent': words.actions.restart(several),
  };
  return (
    <div className="panel-foot">
      <ActionButton id={next} scope={scope} label={labels[next]} keys={whole} primary />
      <ActionButton id="scan" scope={scope} label={text.scan} />
      <span className="fill" />
      <button type="button" className="button ghost square" aria-label={text.more} aria-haspopup="menu" onClick={(event) => openMenu(above(event), scope)}>
        <Ellipsis className="icon" aria-hidden />
      </button>
    </div>
  );
}

type Next = 'install-approved' | 'update' | 'update-images' | 'enrol' | 'restart-agent';

/** Of packages what was approved first, then all other updates; an agent where there is none; one that is silent is restarted before it is set up again. */
function nextStep(scope: Scope, images: boolean): Next {
  const update = images ? 'update-images' : 'update';
  const can = (id: Next) => action(id).when(scope).able;
  if (!images && scope.part === null && scope.guests.some((guest) => guest.approved > 0) && can('install-approved')) return 'install-approved';
  if (can(update)) return update;
  if (scope.guests.some((guest) => guest.agent.kind === 'notInstalled') && can('enrol')) return 'enrol';
  return scope.guests.some((guest) => guest.agent.kind === 'offline') && can('restart-agent') ? 'restart-agent' : update;
}

function above(event: MouseEvent): { x: number; y: number } {
  const box = event.currentTarget.getBoundingClientRect();
  return { x: box.left, y: box.top };
}

function ActionButton({ id, scope, label, keys, primary }: { id: ActionId; scope: Scope; label: string; keys?: boolean; primary?: boolean }) {
  const one = action(id);
  const verdict = one.when(scope);
  const title = verdict.able ? (verdict.note ?? undefined) : verdict.why;
  return (
    <button
      type="button"
      className={primary === true && verdict.able ? 'button primary' : 'button'}
      aria-disabled={!verdict.able}
      title={title}
      onClick={() => verdict.able && one.run(scope)}
      data-testid={`panel-${id}`}
    >
      {id === 'scan' && <Radar className="icon" aria-hidden />}
      {label}
      {keys === true && one.keys !== null && <kbd className="kbd">{one.keys}</kbd>}
    </button>
  );
}
