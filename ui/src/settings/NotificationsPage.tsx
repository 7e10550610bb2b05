// When RedFlag speaks, and about what.
import type { Messages } from '../bindings/Messages';
import type { QuietHours } from '../bindings/QuietHours';
import { unmute } from '../actions/muting';
import { useNow } from '../live/clock';
import { guestKey } from '../live/fleet';
import { prefer, usePreferences } from '../live/preferences';
import { useLive } from '../live/store';
import { Status } from '../parts/Status';
import { words } from '../words/en';
import { Card, Row, Select, Switch, SwitchRow } from './parts';
import { HOUR_MS, pauseUntil, tomorrowMorning, whenExactly } from './pausing';
import { halfHoursWith, USUAL_NIGHT } from './quiet';

const text = words.settingsPages.notifications;
const KINDS = ['updates', 'finished', 'failed', 'unreachable'] as const;

const change = (part: Partial<Messages>): void => void prefer(({ messages }) => ({ messages: { ...messages, ...part } }));

export function NotificationsPage() {
  const messages = usePreferences((all) => all.messages);
  const off = messages.show ? null : text.isOff;
  return (
    <>
      <div className="stack">
        <Card title={text.card}>
          <SwitchRow name={text.show} hint={text.showHint} on={messages.show} onChange={(show) => change({ show })} testId="messages-show" />
          <Pause until={messages.pausedUntil} off={off !== null} />
        </Card>
        <Quiet quiet={messages.quiet} atOnce={messages.failedAtOnce} />
      </div>
      <div className="stack">
        <Card title={text.about}>
          {KINDS.map((kind) => <SwitchRow key={kind} name={text[kind]} hint={off ?? undefined} on={messages[kind]} onChange={(on) => change({ [kind]: on })} testId={`messages-${kind}`} />)}
        </Card>
        <Muted muted={messages.muted} />
      </div>
    </>
  );
}

function Pause({ until, off }: { until: number | null; off: boolean }) {
  const now = useNow();
  if (until !== null && until > now) {
    return (
      <Row name={text.pause} hint={<span role="status" data-testid="paused">{text.paused(whenExactly(until, now))}</span>}>
        <button type="button" className="button compact" onClick={() => pauseUntil(null)} data-testid="resume">{text.resume}</button>
      </Row>
    );
  }
  return (
    <Row name={text.pause} hint={off ? text.isOff : text.running}>
      <button type="button" className="button compact" aria-disabled={off} onClick={() => !off && pauseUntil(Date.now() + HOUR_MS)} data-testid="pause-hour">{text.hour}</button>
      <button type="button" className="button compact" aria-disabled={off} onClick={() => !off && pauseUntil(tomorrowMorning(Date.now()))} data-testid="pause-night">{text.night}</button>
    </Row>
  );
}

function Quiet({ quiet, atOnce }: { quiet: QuietHours | null; atOnce: boolean }) {
  return (
    <Card title={text.quiet} aside={<Switch on={quiet !== null} label={text.quiet} onChange={(on) => change({ quiet: on ? USUAL_NIGHT : null })} testId="quiet" />}>
      {quiet === null ? <Row name={<span className="t2">{text.offQuiet}</span>} /> : (
        <>
          <Row name={text.every} hint={text.wait}>
            <Select label={text.from} value={String(quiet.from)} options={halfHoursWith(quiet.from)} onChange={(from) => change({ quiet: { ...quiet, from: Number(from) } })} testId="quiet-from" />
            <span className="t3">{text.until}</span>
            <Select label={text.to} value={String(quiet.to)} options={halfHoursWith(quiet.to)} onChange={(to) => change({ quiet: { ...quiet, to: Number(to) } })} testId="quiet-to" />
          </Row>
          <SwitchRow name={text.once} on={atOnce} onChange={(failedAtOnce) => change({ failedAtOnce })} testId="failed-at-once" />
        </>
      )}
    </Card>
  );
}

function Muted({ muted }: { muted: readonly string[] }) {
  const guests = useLive((live) => live.fleet.guests);
  return (
    <Card title={text.muted} aside={muted.length > 0 && <span className="small t3 num">{muted.length}</span>}>
      {muted.length === 0 && <Row name={<span className="t2">{text.noneMuted}</span>} />}
      {muted.map((id) => {
        const row = guests.get(guestKey(id));
        const name = row?.name ?? text.gone;
        return (
          <Row key={id} name={row === undefined ? <Status tone="mute" glyph="unk">{name}</Status> : <span className="hs"><span className="id">{row.vmid}</span><span className="el">{name}</span></span>} testId={`muted-${row?.vmid ?? id}`}>
            <button type="button" className="button compact" aria-label={text.unmuteOf(name)} onClick={() => unmute([id])}>{text.unmute}</button>
          </Row>
        );
      })}
    </Card>
  );
}
