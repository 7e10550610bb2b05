// The drawer under the tree: how many run, and a line each of the newest.
import { ChevronDown, ChevronUp } from 'lucide-react';
import { go, toggleDrawer, usePlace } from '../app/place';
import { useLive } from '../live/store';
import { Status } from '../parts/Status';
import { words } from '../words/en';
import { OperationRow } from './OperationRow';

const text = words.operations;
const SHOWN = 6;

export function Drawer() {
  const open = usePlace((app) => app.drawer);
  const order = useLive((live) => live.operationOrder);
  return (
    <section className="drawer" aria-label={text.title} data-region="drawer" data-testid="drawer">
      <div className="drawer-head">
        <button type="button" className="drawer-toggle" aria-expanded={open} onClick={toggleDrawer} title={text.show}>
          {open ? <ChevronDown className="icon small" aria-hidden /> : <ChevronUp className="icon small" aria-hidden />}
          <h2>{text.title}</h2>
        </button>
        <Summary />
        <span className="fill" />
        {order.length > 0 && <button type="button" className="link small" onClick={() => go({ view: 'operations' })}>{text.openAll}</button>}
        <kbd className="kbd">Ctrl J</kbd>
      </div>
      {open && order.length > 0 && (
        <div className="drawer-rows scrolls">
          {order.slice(0, SHOWN).map((id) => <OperationRow key={id} id={id} />)}
        </div>
      )}
    </section>
  );
}

/** Running, waiting and failed jobs of the operations that have not ended, or nothing. */
function Summary() {
  const operations = useLive((live) => live.operations);
  if (operations.size === 0) return <span className="t3">{text.none}</span>;
  let running = 0;
  let waiting = 0;
  let failed = 0;
  for (const operation of operations.values()) {
    if (operation.endedAt !== null) continue;
    if (operation.counts.running > 0) running += 1;
    else waiting += 1;
    failed += operation.counts.failed + operation.counts.interrupted;
  }
  return (
    <>
      {running > 0 ? <Status tone="busy" glyph="busy">{text.running(running)}</Status> : <span className="t3">{text.running(0)}</span>}
      {waiting > 0 && <Status tone="mute" glyph="wait">{text.waiting(waiting)}</Status>}
      {failed > 0 && <Status tone="error" glyph="err">{text.failed(failed)}</Status>}
    </>
  );
}
