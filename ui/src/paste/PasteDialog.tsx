// Agents by a command that the user runs on the node: the command, what it does, and what has happened since.
import { Dialog } from '@base-ui/react/dialog';
import type { LeftOut } from '../bindings/LeftOut';
import type { Paste } from '../bindings/Paste';
import type { PasteCommand } from '../bindings/PasteCommand';
import type { PastedGuest } from '../bindings/PastedGuest';
import { CancelButton, Frame } from '../clusters/Frame';
import { useSeconds } from '../live/clock';
import { CopyBox } from '../parts/CopyBox';
import { ErrorNote, Note } from '../parts/Note';
import { Status } from '../parts/Status';
import { words } from '../words/en';
import { timeOfDay } from '../words/format';
import { closePaste, openPaste, type PasteState, usePaste } from './state';

const text = words.paste;

export function PasteDialog() {
  const current = usePaste((paste) => paste.current);
  if (current === null) return null;
  return (
    <Dialog.Root open onOpenChange={(open) => !open && closePaste()}>
      <Dialog.Portal>
        <Dialog.Backdrop className="scrim" />
        <div className="dialog-place">
          <Dialog.Popup className="dialog" data-testid="paste" initialFocus={false}>
            <Content state={current} />
          </Dialog.Popup>
        </div>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

function Content({ state }: { state: PasteState }) {
  const now = useSeconds();
  const again = () => void openPaste(state.targets);
  const commands = state.phase === 'ready' ? state.commands : [];
  const guests = commands.flatMap((command) => command.paste.guests);
  const connected = guests.filter((guest) => guest.state.kind === 'enrolled').length;
  const done = guests.length > 0 && connected === guests.length;
  const spent = !done && commands.some(({ paste }) => paste.fetched !== null || paste.until <= now);
  return (
    <Frame
      title={text.title}
      lead={state.phase === 'making' ? text.making : state.phase === 'ready' && commands.length > 0 ? text.lead(commands.length) : text.nothing}
      begin={state.phase !== 'making'}
      hint={done ? text.done(guests.length) : commands.length > 0 ? text.stay : null}
      onSubmit={done ? closePaste : undefined}
      foot={
        <>
          {state.phase === 'failed' && <button type="button" className="button" onClick={again}>{words.tryAgain}</button>}
          {spent && <button type="button" className="button" onClick={again} data-testid="paste-again">{text.again}</button>}
          {done ? <button type="submit" className="button primary" data-testid="paste-done">{words.close}</button> : <CancelButton close />}
        </>
      }
    >
      {state.phase === 'failed' && <ErrorNote error={state.problem} testId="paste-error" />}
      {commands.map((command) => <Command key={command.paste.id} command={command} now={now} />)}
      {state.phase === 'ready' && state.leftOut.length > 0 && <NotIn leftOut={state.leftOut} />}
    </Frame>
  );
}

function Command({ command, now }: { command: PasteCommand; now: number }) {
  const { paste } = command;
  const { node } = paste.node;
  const waits = paste.fetched === null && paste.until > now;
  return (
    <section className="grid gap-2" aria-label={text.head(node, paste.guests.length)} data-testid={`paste-${node}`}>
      <h3 className="hs medium">
        {text.head(node, paste.guests.length)}
        <span className="fill" />
        <Use paste={paste} now={now} />
      </h3>
      {waits && (
        <>
          <p className="small t2">{text.what}</p>
          <CopyBox text={command.text} label={text.head(node, paste.guests.length)} testId={`paste-${node}-command`} />
          <p className="small t3">{text.where(node)}</p>
        </>
      )}
      <div className="card">
        {paste.guests.map((guest) => <Guest key={guest.guest} guest={guest} paste={paste} />)}
      </div>
      {paste.fetched !== null && paste.guests.some((guest) => guest.state.kind === 'waiting') && <p className="small t3">{text.failedThere}</p>}
    </section>
  );
}

function Use({ paste, now }: { paste: Paste; now: number }) {
  const { fetched, until } = paste;
  if (fetched !== null) return <Status tone="ok" glyph="ok">{text.fetched(fetched.by, timeOfDay(fetched.at))}</Status>;
  if (until <= now) return <Status tone="caution" glyph="old">{text.over(timeOfDay(until))}</Status>;
  return <Status tone="mute" glyph="wait">{text.until(timeOfDay(until))}</Status>;
}

function Guest({ guest, paste }: { guest: PastedGuest; paste: Paste }) {
  return (
    <div className="line-row paste-row" data-testid={`pasted-${guest.vmid}`}>
      <span className="id">{guest.vmid}</span>
      <span className="lead el">{guest.name}</span>
      <span className="el"><Standing guest={guest} fetched={paste.fetched !== null} /></span>
    </div>
  );
}

function Standing({ guest, fetched }: { guest: PastedGuest; fetched: boolean }) {
  const { state } = guest;
  switch (state.kind) {
    case 'enrolled':
      return <Status tone="ok" glyph="ok">{text.states.enrolled(timeOfDay(state.at))}</Status>;
    case 'leftOut':
      return <Status tone="mute" glyph="uns" title={state.why}>{state.why}</Status>;
    case 'waiting':
      return fetched ? <Status tone="busy" glyph="busy">{text.states.installing}</Status> : <Status tone="mute" glyph="wait">{text.states.waiting}</Status>;
  }
}

function NotIn({ leftOut }: { leftOut: readonly LeftOut[] }) {
  return (
    <Note testId="paste-left-out">
      <p className="medium">{text.notIn}</p>
      {leftOut.map((one) => <p key={one.guest} className="mt-1">{`${one.vmid} ${one.name}: ${one.why}`}</p>)}
    </Note>
  );
}
