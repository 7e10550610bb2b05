// Logins in files of Docker and Podman on this computer: which there are, and which of them are taken over.
import { useState } from 'react';
import { tell } from '../app/notices';
import type { FoundLogin } from '../bindings/FoundLogin';
import type { RegistryRow } from '../bindings/RegistryRow';
import { CancelButton, Frame } from '../clusters/Frame';
import { rpc } from '../host';
import { useAsked } from '../live/asked';
import { ErrorNote } from '../parts/Note';
import { Status } from '../parts/Status';
import { Tick } from '../parts/Tick';
import { words } from '../words/en';
import { useTask } from '../wizard/useTask';
import { registriesMoved } from './checking';

const text = words.registries.found;

export function FoundDialog({ registries, onClose }: { registries: readonly RegistryRow[]; onClose: () => void }) {
  const { answer, problem: unread, again } = useAsked('', () => rpc('found_logins', {}));
  // A registry has one login: the file from which it is taken, by registry.
  const [chosen, choose] = useState<ReadonlyMap<string, string>>(new Map());
  const { busy, problem, run } = useTask();
  const ready = chosen.size > 0 && !busy;
  function tick({ registry, file }: FoundLogin, on: boolean): void {
    const next = new Map(chosen);
    if (on) next.set(registry, file);
    else next.delete(registry);
    choose(next);
  }
  const take = () =>
    run(async () => {
      await rpc('take_logins', { logins: [...chosen].map(([registry, file]) => ({ registry, file })) });
      registriesMoved();
      tell(text.taken(chosen.size));
      onClose();
    });
  return (
    <Frame
      title={text.title}
      lead={text.lead}
      onSubmit={() => ready && void take()}
      begin={answer !== null}
      foot={
        <>
          <CancelButton />
          <button type="submit" className="button primary" disabled={!ready} data-testid="found-take">{busy ? text.taking : text.take(chosen.size)}</button>
        </>
      }
    >
      {unread !== null && <ErrorNote error={unread} testId="found-error" action={<button type="button" className="button compact" onClick={again}>{words.tryAgain}</button>} />}
      {answer === null && unread === null && <p className="small t3" role="status">{text.reading}</p>}
      {answer !== null && answer.logins.length === 0 && <p className="small t2" data-testid="found-none">{text.none}</p>}
      {answer !== null && answer.logins.length > 0 && (
        <ul className="card" aria-label={text.list}>
          {answer.logins.map((login) => (
            <Login
              key={`${login.registry} ${login.file}`}
              login={login}
              replaces={registries.find(({ name }) => name === login.registry)?.user ?? null}
              on={chosen.get(login.registry) === login.file}
              onTick={(on) => tick(login, on)}
            />
          ))}
        </ul>
      )}
      {problem !== null && <ErrorNote error={problem} testId="take-error" />}
    </Frame>
  );
}

interface LoginProps {
  login: FoundLogin;
  /** The user of the login that it would replace. */
  replaces: string | null;
  on: boolean;
  onTick: (on: boolean) => void;
}

function Login({ login: { registry, user, file, problem }, replaces, on, onTick }: LoginProps) {
  return (
    <li className="line-row login-row" data-testid={`found-${registry}`}>
      <Tick checked={on} onChange={onTick} label={text.tick(registry, user, file)} disabled={problem !== null} />
      <span className="lead el" title={registry}>{registry}</span>
      <span className="el" title={user ?? undefined}>{user ?? <span className="t3">{text.noUser}</span>}</span>
      <span className="mono t3 under">{file}</span>
      {problem !== null && <span className="under verdict"><Status tone="mute" glyph="uns">{text.problem(problem)}</Status></span>}
      {problem === null && replaces !== null && <span className="under t3">{text.replaces(replaces)}</span>}
    </li>
  );
}
