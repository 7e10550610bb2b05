// The agents of the fleet in figures, and where they reach this computer.
import { action, type ActionId } from '../actions/registry';
import { scopeOfGuests } from '../actions/scope';
import type { GuestRow } from '../bindings/GuestRow';
import { isOlder } from '../actions/able';
import { useLive } from '../live/store';
import { GatewayPort } from '../panel/GatewayPort';
import type { GlyphName } from '../parts/Glyph';
import { Status, type Tone } from '../parts/Status';
import { words } from '../words/en';
import { count } from '../words/format';
import { Card, Row } from './parts';

const text = words.settingsPages.agents;

export function AgentsPage() {
  const fleet = useLive((live) => live.fleet);
  const guests = [...fleet.guests.values()].filter((guest) => !guest.template);
  const of = (kind: GuestRow['agent']['kind']) => guests.filter((guest) => guest.agent.kind === kind);
  return (
    <>
      <Card title={text.card}>
        <Figure name={text.online} rows={of('online')} tone="ok" glyph="ok" />
        <Figure name={text.older} rows={guests.filter(isOlder)} tone="caution" glyph="old" act="upgrade-agent" label={text.upgrade} />
        <Figure name={text.offline} rows={of('offline')} tone="error" glyph="unr" act="restart-agent" label={text.restart} />
        <Figure name={text.off} rows={of('off')} tone="mute" glyph="stop" />
        <Figure name={text.none} rows={of('notInstalled')} tone="mute" glyph="unk" act="enrol" label={text.install} />
      </Card>
      <div className="card set-card gateway"><GatewayPort /></div>
    </>
  );
}

interface FigureProps {
  name: string;
  rows: GuestRow[];
  tone: Tone;
  glyph: GlyphName;
  act?: ActionId;
  label?: string;
}

/** One plan for all of them; what cannot be done says why. */
function Figure({ name, rows, tone, glyph, act, label }: FigureProps) {
  const fleet = useLive((live) => live.fleet);
  const scope = { ...scopeOfGuests(fleet, rows), one: null };
  const offered = act === undefined || rows.length === 0 ? null : action(act);
  const verdict = offered?.when(scope);
  const why = verdict === undefined ? undefined : verdict.able ? (verdict.note ?? undefined) : verdict.why;
  return (
    <Row name={<Status tone={rows.length === 0 ? 'mute' : tone} glyph={glyph}>{name}</Status>} {...(why === undefined ? {} : { hint: why })} testId={`agents-${glyph}`}>
      <span className="num">{rows.length === 0 ? text.nobody : count(rows.length)}</span>
      {offered !== null && <button type="button" className="button compact" aria-disabled={verdict?.able !== true} onClick={() => verdict?.able === true && offered.run(scope)} data-testid={`agents-${offered.id}`}>{label}</button>}
    </Row>
  );
}
