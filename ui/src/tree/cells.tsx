// The cells of a row: each shows one thing of one row, and knows nothing of the tree.
import { memo, type ReactElement } from 'react';
import type { AgentState } from '../bindings/AgentState';
import type { GuestRow } from '../bindings/GuestRow';
import type { Link } from '../bindings/Link';
import type { Usage } from '../bindings/Usage';
import { useNow } from '../live/clock';
import { Meter, Status } from '../parts/Status';
import { words } from '../words/en';
import { age, exact, percent } from '../words/format';

const text = words.state;
const NONE = <span className="t3">{words.none}</span>;
const HIGH_MEMORY = 0.85;

export function GuestState({ guest }: { guest: GuestRow }) {
  if (guest.old) {
    const was = guest.power === 'running' ? text.wasRunning : guest.power === 'stopped' ? text.wasStopped : text.unknown;
    return <Status tone="mute" glyph="unk" title={words.panel.oldTitle}>{was}</Status>;
  }
  if (guest.activity !== null) {
    const { step, percent } = guest.activity;
    if (step === null) return <Status tone="mute" glyph="wait">{text.waiting}</Status>;
    const { doing, short } = words.operations.steps[step];
    return <Status tone="busy" glyph="busy" title={doing}>{percent === null ? short : text.percent(short, percent)}</Status>;
  }
  if (guest.lock !== null) return <Status tone="caution" glyph="lock" title={text.locked(guest.lock)}>{text.locked(guest.lock)}</Status>;
  if (guest.template) return <Status tone="mute" glyph="tmpl">{text.template}</Status>;
  switch (guest.power) {
    case 'running':
      return <Status tone="ok" glyph="run">{text.running}</Status>;
    case 'stopped':
      return <Status tone="mute" glyph="stop">{text.stopped}</Status>;
    case 'unknown':
      return <Status tone="mute" glyph="unk">{text.unknown}</Status>;
  }
}

export function LinkState({ link, online }: { link: Link; online?: { quorate: boolean | null } }): ReactElement {
  switch (link.kind) {
    case 'unknown':
      return <Status tone="mute" glyph="unk">{text.notAsked}</Status>;
    case 'disabled':
      return <Status tone="mute" glyph="uns">{text.off}</Status>;
    case 'online':
      if (online === undefined || online.quorate === null) return <Status tone="ok" glyph="ok">{text.online}</Status>;
      return online.quorate ? <Status tone="ok" glyph="ok">{text.quorate}</Status> : <Status tone="error" glyph="err">{text.noQuorum}</Status>;
    case 'partly':
      return <Status tone="error" glyph="unr">{text.partly(link.up, link.of)}</Status>;
    case 'unreachable':
      return <Status tone="error" glyph="unr" title={link.error}>{text.unreachable}</Status>;
    case 'refused':
      return <Status tone="error" glyph="err" title={link.error}>{text.refused}</Status>;
    case 'certificateChanged':
      return <Status tone="error" glyph="err" title={link.error}>{text.certificate}</Status>;
  }
}

/** Whether what is shown of a cluster or node is not the present. */
export function isOld(link: Link): boolean {
  return link.kind !== 'online' && link.kind !== 'partly';
}

export function Agent({ guest }: { guest: GuestRow }) {
  if (guest.template) return NONE;
  if (guest.old && guest.agent.kind !== 'notInstalled') return <Status tone="mute" glyph="unk">{words.agent.unknown}</Status>;
  return <AgentStatus agent={guest.agent} />;
}

export function AgentStatus({ agent }: { agent: AgentState }) {
  switch (agent.kind) {
    case 'online':
      return <Status tone="ok" glyph="ok" title={agent.via === null ? words.agent.version(agent.version) : words.agent.carried(agent.version, agent.via)}>{agent.via === null ? words.agent.online : words.agent.via(agent.via)}</Status>;
    case 'offline':
      return <Status tone="error" glyph="unr" title={agent.trouble ?? undefined}>{words.agent.offline}</Status>;
    case 'off':
      return <Status tone="mute" glyph="unk">{words.agent.off}</Status>;
    case 'notInstalled':
      return <Status tone="mute" glyph="unk">{words.agent.notInstalled}</Status>;
  }
}

/** Its own subscription to the clock, so that a minute's passing draws only this cell. */
export const Checked = memo(function Checked({ at, late }: { at: number | null; late: boolean }) {
  const now = useNow();
  if (at === null) return NONE;
  const shown = age(at, now);
  return late ? <Status tone="caution" glyph="old" title={exact(at)}>{shown}</Status> : <span title={exact(at)}>{shown}</span>;
});

export function Memory({ memory }: { memory: Usage | null }) {
  if (memory === null || memory.total === 0) return null;
  const share = memory.used / memory.total;
  return <Meter share={share} label={words.fleet.ram(percent(share))} tone={share > HIGH_MEMORY ? 'high' : undefined} />;
}

/** Twelve bars as one path, newest at the right. */
export const Load = memo(function Load({ loads }: { loads: readonly number[] }) {
  const now = loads.at(-1);
  if (now === undefined) return null;
  const bars = loads.map((load, i) => {
    const high = Math.max(1.5, Math.round(Math.min(1, load) * 24) / 2);
    return `M${(12 - loads.length + i) * 3} 12v-${high}h2v${high}z`;
  });
  const label = words.fleet.cpu(percent(now));
  return (
    <svg className="spark" viewBox="0 0 36 12" role="img" aria-label={label}>
      <title>{label}</title>
      <path d={bars.join('')} />
    </svg>
  );
});

export { NONE };
