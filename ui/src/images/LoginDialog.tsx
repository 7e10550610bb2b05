// As whom a registry is asked. The password goes into the sealed store; only its reference goes on from here.
import { useState } from 'react';
import { tell } from '../app/notices';
import type { RegistryRow } from '../bindings/RegistryRow';
import type { SecretRef } from '../bindings/SecretRef';
import type { SetLogin } from '../bindings/SetLogin';
import { CancelButton, Frame } from '../clusters/Frame';
import { CommandError, rpc } from '../host';
import { ErrorNote, Note } from '../parts/Note';
import { words } from '../words/en';
import { useTask } from '../wizard/useTask';
import { registriesMoved } from './checking';

const text = words.registries.login;

export function LoginDialog({ row, onClose }: { row: RegistryRow; onClose: () => void }) {
  const { name } = row;
  const [typed, setUser] = useState(row.user ?? '');
  const [password, setPassword] = useState('');
  // What failed for another reason can be tried again without entering the password a second time.
  const [kept, setKept] = useState<SecretRef | null>(null);
  const { busy, problem, run } = useTask();
  const user = typed.trim();
  const ready = user !== '' && (password !== '' || kept !== null) && !busy;

  const tried = async (request: SetLogin): Promise<void> => {
    try {
      await rpc('set_login', request);
    } catch (thrown) {
      // What the registry refuses, or what is not known any more, is not worth trying again.
      if (['refused', 'notFound'].includes(CommandError.from(thrown).code)) setKept(null);
      throw thrown;
    }
  };
  const save = () =>
    run(async () => {
      const value = password;
      setPassword('');
      const ref = value === '' ? kept : await rpc('keep_secret', { value });
      if (ref === null) return;
      setKept(ref);
      await tried({ registry: name, user, password: ref });
      registriesMoved();
      tell(text.saved(name, user));
      onClose();
    });
  return (
    <Frame
      title={text.title(name)}
      lead={text.lead}
      onSubmit={() => ready && void save()}
      foot={
        <>
          <CancelButton />
          <button type="submit" className="button primary" disabled={!ready} data-testid="login-save">{busy ? text.saving : text.save}</button>
        </>
      }
    >
      {row.setting?.insecure === true && <Note tone="caution" glyph="unr" testId="login-insecure">{text.insecure(name)}</Note>}
      <label className="label">
        {text.user}
        <input className="field" value={typed} onChange={(event) => setUser(event.target.value)} spellCheck={false} autoComplete="off" data-testid="login-user" />
      </label>
      <label className="label">
        {text.password}
        <input className="field" type="password" value={password} placeholder={kept === null ? '' : text.kept} onChange={(event) => setPassword(event.target.value)} autoComplete="off" data-testid="login-password" />
        <span className="t3">{text.hint}</span>
      </label>
      {problem !== null && <ErrorNote error={problem} testId="login-error" />}
    </Frame>
  );
}
