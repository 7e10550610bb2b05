// Forgetting a cluster: what goes, what stays, and a typed name where something is left behind.
import { useState } from 'react';
import type { ClusterRow } from '../bindings/ClusterRow';
import type { Removal } from '../bindings/Removal';
import { tell } from '../app/notices';
import { rpc } from '../host';
import { useAsked } from '../live/asked';
import { CopyBox } from '../parts/CopyBox';
import { ErrorNote, Note } from '../parts/Note';
import { words } from '../words/en';
import { list } from '../words/format';
import { useTask } from '../wizard/useTask';
import { CancelButton, Frame } from './Frame';
import { closeDialog } from './state';

const text = words.cluster.remove;
const NAMED = 6;

export function RemoveDialog({ row }: { row: ClusterRow }) {
  const { answer, problem: unread, again } = useAsked('', () => rpc('removal', { cluster: row.id }));
  const [typed, setTyped] = useState('');
  const { busy, problem, run } = useTask();
  const named = answer !== null && (answer.agents.length === 0 || typed.trim() === answer.name.trim());
  const ready = named && answer.runningOperations === 0 && !busy;
  const remove = () =>
    run(async () => {
      await rpc('remove_cluster', { cluster: row.id });
      tell(text.done(row.name));
      closeDialog();
    });
  return (
    <Frame
      title={text.title(row.name)}
      lead={text.lead}
      onSubmit={() => ready && void remove()}
      hint={text.cannot}
      begin={answer !== null}
      foot={
        <>
          <CancelButton />
          <button type="submit" className="button primary" disabled={!ready} data-testid="remove-confirm">{busy ? text.removing : text.remove}</button>
        </>
      }
    >
      {unread !== null && <ErrorNote error={unread} action={<button type="button" className="button compact" onClick={again}>{words.tryAgain}</button>} />}
      {answer === null && unread === null && <p className="small t3" role="status">{text.reading}</p>}
      {answer !== null && <What removal={answer} />}
      {answer !== null && answer.runningOperations > 0 && <Note tone="caution" glyph="busy" testId="remove-busy">{text.busy(answer.runningOperations)}</Note>}
      {answer !== null && answer.agents.length > 0 && (
        <label className="label">
          {text.type(answer.name)}
          <input className="field" value={typed} onChange={(event) => setTyped(event.target.value)} spellCheck={false} autoComplete="off" data-testid="remove-name" />
        </label>
      )}
      {problem !== null && <ErrorNote error={problem} testId="remove-error" />}
    </Frame>
  );
}

function What({ removal }: { removal: Removal }) {
  const { agents } = removal;
  const more = agents.length - NAMED;
  const shown = more > 0 ? [...agents.slice(0, NAMED), text.more(more)] : agents;
  return (
    <>
      <div data-testid="remove-goes">
        <h3 className="medium">{text.goes}</h3>
        <ul className="points">{text.goesList(removal.nodes, removal.guests).map((line) => <li key={line}>{line}</li>)}</ul>
      </div>
      <div data-testid="remove-stays">
        <h3 className="medium">{text.stays}</h3>
        <ul className="points"><li>{text.staysList}</li></ul>
        {agents.length > 0 && (
          <>
            <p className="small t2 mt-2 mb-2">{`${list(shown)}: ${text.agentsStay(agents.length)}`}</p>
            <CopyBox text={text.uninstall} label={text.uninstall} />
          </>
        )}
      </div>
    </>
  );
}
