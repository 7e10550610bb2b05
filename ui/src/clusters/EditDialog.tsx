// The name of a cluster and the addresses under which it is asked.
import { useState } from 'react';
import type { ClusterRow } from '../bindings/ClusterRow';
import { tell } from '../app/notices';
import { rpc } from '../host';
import { useAsked } from '../live/asked';
import { ErrorNote } from '../parts/Note';
import { words } from '../words/en';
import { useTask } from '../wizard/useTask';
import { CancelButton, Frame } from './Frame';
import { changed, closeDialog } from './state';

const text = words.cluster.edit;

export function EditDialog({ row }: { row: ClusterRow }) {
  const known = useAsked('', () => rpc('cluster_details', { cluster: row.id }));
  const [name, setName] = useState(row.name);
  const [typed, setTyped] = useState<string | null>(null);
  const { busy, problem, run } = useTask();
  const shown = typed ?? known.answer?.addresses.join('\n') ?? '';
  const addresses = shown.split('\n').map((line) => line.trim()).filter((line) => line !== '');
  const ready = name.trim() !== '' && addresses.length > 0 && !busy;
  const save = () =>
    run(async () => {
      await rpc('edit_cluster', { cluster: row.id, name: name.trim(), addresses });
      changed();
      tell(text.saved(name.trim()));
      closeDialog();
    });
  return (
    <Frame
      title={text.title}
      lead={text.lead}
      onSubmit={() => ready && void save()}
      foot={
        <>
          <CancelButton />
          <button type="submit" className="button primary" disabled={!ready} data-testid="edit-save">{busy ? text.saving : text.save}</button>
        </>
      }
    >
      <label className="label">
        {words.cluster.name}
        <input className="field" value={name} onChange={(event) => setName(event.target.value)} spellCheck={false} autoComplete="off" data-testid="edit-name" />
      </label>
      <label className="label">
        {text.addresses}
        <textarea className="field tall" rows={Math.max(3, addresses.length + 1)} value={shown} disabled={known.answer === null} onChange={(event) => setTyped(event.target.value)} spellCheck={false} autoComplete="off" data-testid="edit-addresses" />
        <span className="t3">{text.hint}</span>
      </label>
      {known.problem !== null && <ErrorNote error={known.problem} action={<button type="button" className="button compact" onClick={known.again}>{words.tryAgain}</button>} />}
      {problem !== null && <ErrorNote error={problem} testId="edit-error" />}
    </Frame>
  );
}
