// Step 3: the token. Its secret goes to the sealed store at once and is forgotten here.
import { useState } from 'react';
import { rpc } from '../host';
import { CopyBox } from '../parts/CopyBox';
import { ErrorNote } from '../parts/Note';
import { words } from '../words/en';
import { change, useWizard } from './state';
import { StepPage } from './StepPage';
import { useTask } from './useTask';

const text = words.wizard.token;
const TOKEN_ID = /^[^\s@!]+@[^\s@!]+![^\s@!]+$/;

export function TokenStep() {
  const tokenId = useWizard((wizard) => wizard.tokenId);
  const kept = useWizard((wizard) => wizard.secret);
  const [secret, setSecret] = useState('');
  const { busy, problem, run } = useTask();
  const formed = TOKEN_ID.test(tokenId.trim());
  const ready = formed && (secret.trim() !== '' || kept !== null);

  const keep = () =>
    run(async () => {
      const value = secret.trim();
      setSecret('');
      const ref = value === '' ? kept : await rpc('keep_secret', { value });
      change({ secret: ref, tokenId: tokenId.trim(), check: null, step: 'permissions' });
    });

  return (
    <StepPage
      title={text.title}
      lead={text.lead}
      onSubmit={() => ready && void keep()}
      foot={<button type="submit" className="button primary" disabled={!ready || busy} data-testid="wizard-next">{busy ? text.busy : text.next}</button>}
    >
      <CopyBox text={text.lines.join('\n')} label={text.title} />
      <label className="label max-w-120">
        {text.id}
        <input className="field" value={tokenId} placeholder={text.example} onChange={(event) => change({ tokenId: event.target.value, check: null })} spellCheck={false} autoComplete="off" data-testid="wizard-token-id" />
        {!formed && tokenId !== '' && <span className="t3" role="status">{text.form}</span>}
      </label>
      <label className="label max-w-120">
        {text.secret}
        <input className="field" type="password" value={secret} placeholder={kept === null ? '' : text.kept} onChange={(event) => setSecret(event.target.value)} autoComplete="off" data-testid="wizard-token-secret" />
        <span className="t3">{text.hint}</span>
      </label>
      {problem !== null && <ErrorNote error={problem} testId="wizard-error" />}
    </StepPage>
  );
}
