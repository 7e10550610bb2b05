// The passphrase, where the computer has no keyring: chosen once, asked for at each start.
import { Dialog } from '@base-ui/react/dialog';
import { type FormEvent, useState } from 'react';
import type { AppInfo } from '../bindings/AppInfo';
import { CommandError, rpc } from '../host';
import { ErrorNote, Note } from '../parts/Note';
import { words } from '../words/en';

const text = words.unlock;
const SHORTEST = 8;

export function Unlock({ info, onOpen }: { info: AppInfo | null; onOpen: (info: AppInfo) => void }) {
  const [first, setFirst] = useState('');
  const [second, setSecond] = useState('');
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<CommandError | null>(null);
  const storage = info?.keyStorage;
  if (storage !== 'passphraseToChoose' && storage !== 'passphraseNeeded') return null;
  const choosing = storage === 'passphraseToChoose';
  const hint = !choosing || first === '' ? null : first.length < SHORTEST ? text.short : second !== '' && first !== second ? text.differ : null;
  const ready = first !== '' && (!choosing || (first.length >= SHORTEST && first === second));

  async function submit(event: FormEvent): Promise<void> {
    event.preventDefault();
    if (!ready || busy) return;
    const passphrase = first;
    setFirst('');
    setSecond('');
    setBusy(true);
    try {
      onOpen(await rpc('unlock', { passphrase }));
      setProblem(null);
    } catch (thrown) {
      setProblem(CommandError.from(thrown));
    } finally {
      setBusy(false);
    }
  }

  return (
    <Dialog.Root open>
      <Dialog.Portal>
        <Dialog.Backdrop className="scrim" />
        <div className="dialog-place">
          <Dialog.Popup className="dialog" data-testid="unlock">
            <form onSubmit={(event) => void submit(event)}>
              <div className="dialog-head"><Dialog.Title>{choosing ? text.chooseTitle : text.enterTitle}</Dialog.Title></div>
              <div className="dialog-text">
                <Dialog.Description className="t2">{choosing ? text.chooseText : text.enterText}</Dialog.Description>
                <label className="label">
                  {text.passphrase}
                  <input className="field" type="password" autoComplete={choosing ? 'new-password' : 'current-password'} value={first} onChange={(event) => setFirst(event.target.value)} data-testid="unlock-passphrase" />
                </label>
                {choosing && (
                  <label className="label">
                    {text.repeat}
                    <input className="field" type="password" autoComplete="new-password" value={second} onChange={(event) => setSecond(event.target.value)} data-testid="unlock-repeat" />
                  </label>
                )}
                {hint !== null && <p className="small t2" role="status">{hint}</p>}
                {choosing && <Note tone="caution" glyph="lock">{text.chooseHint}</Note>}
                {problem !== null && <ErrorNote error={problem} />}
              </div>
              <div className="dialog-foot">
                <span className="fill" />
                <button type="submit" className="button primary" disabled={!ready || busy} data-testid="unlock-open">{busy ? text.opening : choosing ? text.choose : text.open}</button>
              </div>
            </form>
          </Dialog.Popup>
        </div>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
