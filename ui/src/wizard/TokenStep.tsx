// Step 3: the token. Either the user makes it with the lines shown here, or RedFlag does with a login that is used once.
// Secrets go to the sealed store at once and are forgotten here.
import { Tabs } from '@base-ui/react/tabs';
import { useState } from 'react';
import { partsOf } from '../clusters/tokens';
import { rpc } from '../host';
import { ErrorNote } from '../parts/Note';
import { words } from '../words/en';
import { change, type TokenWay, useWizard } from './state';
import { StepPage } from './StepPage';
import { LoginFields, MadeToken, OwnFields } from './TokenFields';
import { useTask } from './useTask';

const text = words.wizard.token;
const USER = /^[^\s@!]+@[^\s@!]+$/;

export function TokenStep() {
  const { tokenId, secret: kept, way, made } = useWizard();
  const [secret, setSecret] = useState('');
  const [user, setUser] = useState('root@pam');
  const [password, setPassword] = useState('');
  const { busy, problem, run, forget } = useTask();
  const own = partsOf(tokenId) !== null && (secret.trim() !== '' || kept !== null);
  const login = USER.test(user.trim()) && password !== '';

  const keep = () =>
    run(async () => {
      const value = secret.trim();
      setSecret('');
      const ref = value === '' ? kept : await rpc('keep_secret', { value });
      change({ secret: ref, tokenId: tokenId.trim(), check: null, step: 'permissions', ...(value === '' ? {} : { made: null }) });
    });
  const make = () =>
    run(async () => {
      const { probed } = useWizard.getState();
      if (probed === null) return;
      const value = password;
      setPassword('');
      const once = await rpc('keep_secret', { value });
      const token = await rpc('create_token', { address: probed.address, fingerprint: probed.certificate.sha256, user: user.trim(), password: once });
      change({ tokenId: token.tokenId, secret: token.secret, made: token.done, check: null });
    });
  const turn = (way: TokenWay) => {
    setSecret('');
    setPassword('');
    forget();
    change({ way });
  };

  const done = way === 'made' && made !== null;
  const ready = !busy && (way === 'own' ? own : done || login);
  const submit = () => {
    if (!ready) return;
    if (done) change({ step: 'permissions' });
    else void (way === 'own' ? keep() : make());
  };
  const label = way === 'own' || done ? (busy ? text.busy : text.next) : busy ? text.make.making : text.make.make;
  return (
    <StepPage
      title={text.title}
      lead={way === 'own' ? text.lead : text.make.lead}
      onSubmit={submit}
      foot={<button type="submit" className="button primary" disabled={!ready} data-testid={way === 'own' || done ? 'wizard-next' : 'wizard-token-make'}>{label}</button>}
    >
      <Tabs.Root className="ways" value={way} onValueChange={(value) => turn(value as TokenWay)}>
        <Tabs.List className="segments" aria-label={text.make.ways}>
          <Tabs.Tab value="own" data-testid="wizard-token-own">{text.make.own}</Tabs.Tab>
          <Tabs.Tab value="made" data-testid="wizard-token-made">{text.make.made}</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel className="ways" value="own">
          <OwnFields tokenId={tokenId} kept={kept !== null} secret={secret} onSecret={setSecret} />
        </Tabs.Panel>
        <Tabs.Panel className="ways" value="made">
          {made === null ? <LoginFields user={user} formed={USER.test(user.trim())} onUser={setUser} password={password} onPassword={setPassword} /> : <MadeToken lines={made} tokenId={tokenId} />}
        </Tabs.Panel>
      </Tabs.Root>
      {problem !== null && <ErrorNote error={problem} testId="wizard-error" />}
    </StepPage>
  );
}
