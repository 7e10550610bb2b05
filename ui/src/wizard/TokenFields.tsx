// The fields of the two ways to a token.
import { partsOf } from '../clusters/tokens';
import { CopyBox } from '../parts/CopyBox';
import { Note } from '../parts/Note';
import { words } from '../words/en';
import { change } from './state';

const text = words.wizard.token;

interface OwnProps {
  tokenId: string;
  /** A secret was handed over before. */
  kept: boolean;
  secret: string;
  onSecret: (secret: string) => void;
}

export function OwnFields({ tokenId, kept, secret, onSecret }: OwnProps) {
  return (
    <>
      <CopyBox text={text.lines.join('\n')} label={text.title} />
      <label className="label max-w-120">
        {text.id}
        <input className="field" value={tokenId} placeholder={text.example} onChange={(event) => change({ tokenId: event.target.value, check: null })} spellCheck={false} autoComplete="off" data-testid="wizard-token-id" />
        {partsOf(tokenId) === null && tokenId !== '' && <span className="t3" role="status">{text.form}</span>}
      </label>
      <label className="label max-w-120">
        {text.secret}
        <input className="field" type="password" value={secret} placeholder={kept ? text.kept : ''} onChange={(event) => onSecret(event.target.value)} autoComplete="off" data-testid="wizard-token-secret" />
        <span className="t3">{text.hint}</span>
      </label>
    </>
  );
}

interface LoginProps {
  user: string;
  formed: boolean;
  onUser: (user: string) => void;
  password: string;
  onPassword: (password: string) => void;
}

export function LoginFields({ user, formed, onUser, password, onPassword }: LoginProps) {
  return (
    <>
      <label className="label max-w-120">
        {text.make.user}
        <input className="field" value={user} onChange={(event) => onUser(event.target.value)} spellCheck={false} autoComplete="off" data-testid="wizard-login-user" />
        {!formed && user !== '' && <span className="t3" role="status">{text.make.form}</span>}
      </label>
      <label className="label max-w-120">
        {text.make.password}
        <input className="field" type="password" value={password} onChange={(event) => onPassword(event.target.value)} autoComplete="off" data-testid="wizard-login-password" />
        <span className="t3">{text.make.hint}</span>
      </label>
    </>
  );
}

export function MadeToken({ lines, tokenId }: { lines: readonly string[]; tokenId: string }) {
  return (
    <>
      <Note tone="ok" glyph="ok" testId="wizard-token-done">
        <p className="medium">{text.make.done(tokenId)}</p>
        <p className="mt-1">{text.make.doneText}</p>
      </Note>
      <CopyBox text={lines.join('\n')} label={text.make.doneText} testId="wizard-token-lines" />
    </>
  );
}
