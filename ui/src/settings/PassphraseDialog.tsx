// Another passphrase for the sealed store. What is typed goes into the store at once; only references go on from here.
import { useState } from 'react';
import { tell } from '../app/notices';
import type { AppInfo } from '../bindings/AppInfo';
import { CancelButton, Frame } from '../clusters/Frame';
import { rpc } from '../host';
import { ErrorNote, Note } from '../parts/Note';
import { useTask } from '../wizard/useTask';
import { words } from '../words/en';
import { SettingsDialog } from './Dialog';

const text = words.settingsPages.security.dialog;
const SHORTEST = 8;

export function PassphraseDialog({ onClose, onInfo }: { onClose: () => void; onInfo: (info: AppInfo) => void }) {
  const [current, setCurrent] = useState('');
  const [next, setNext] = useState('');
  const [again, setAgain] = useState('');
  const { busy, problem, run } = useTask();
  const hint = next === '' ? null : next.length < SHORTEST ? text.short : next === current ? text.same : again !== '' && again !== next ? text.differ : null;
  const ready = current !== '' && next.length >= SHORTEST && next !== current && again === next && !busy;
  const save = () =>
    run(async () => {
      const typed = { current, next };
      // Nothing that was typed stays on the page longer than it must.
      setCurrent('');
      setNext('');
      setAgain('');
      const old = await rpc('keep_secret', { value: typed.current });
      const fresh = await rpc('keep_secret', { value: typed.next });
      onInfo(await rpc('change_passphrase', { current: old, next: fresh }));
      tell(text.done);
      onClose();
    });
  return (
    <SettingsDialog onClose={onClose} testId="passphrase-dialog">
      <Frame
        title={text.title}
        lead={text.lead}
        onSubmit={() => ready && void save()}
        hint={<span role="status">{hint}</span>}
        foot={
          <>
            <CancelButton />
            <button type="submit" className="button primary" disabled={!ready} data-testid="passphrase-save">{busy ? text.saving : text.save}</button>
          </>
        }
      >
        <Secret name={text.current} value={current} onChange={setCurrent} complete="current-password" testId="passphrase-current" />
        <Secret name={text.next} value={next} onChange={setNext} complete="new-password" testId="passphrase-next" />
        <Secret name={text.again} value={again} onChange={setAgain} complete="new-password" testId="passphrase-again" />
        <Note tone="caution" glyph="lock">{text.hint}</Note>
        {problem !== null && <ErrorNote error={problem} testId="passphrase-error" />}
      </Frame>
    </SettingsDialog>
  );
}

function Secret({ name, value, onChange, complete, testId }: { name: string; value: string; onChange: (value: string) => void; complete: string; testId: string }) {
  return (
    <label className="label">
      {name}
      <input className="field" type="password" autoComplete={complete} value={value} onChange={(event) => onChange(event.target.value)} data-testid={testId} />
    </label>
  );
}
