// One container below its image: its state, its health, who looks after it, and whose network it uses.
import type { Container } from '../bindings/Container';
import type { ContainerState } from '../bindings/ContainerState';
import type { Health } from '../bindings/Health';
import type { Owner } from '../bindings/Owner';
import type { GlyphName } from '../parts/Glyph';
import { Status, type Tone } from '../parts/Status';
import { words } from '../words/en';

const text = words.images;

interface Shape {
  tone: Tone;
  glyph: GlyphName;
}

const STATES: Record<ContainerState, Shape> = {
  created: { tone: 'mute', glyph: 'stop' },
  running: { tone: 'ok', glyph: 'run' },
  paused: { tone: 'mute', glyph: 'wait' },
  restarting: { tone: 'mute', glyph: 'wait' },
  exited: { tone: 'mute', glyph: 'stop' },
  dead: { tone: 'error', glyph: 'err' },
  unknown: { tone: 'mute', glyph: 'unk' },
};
const HEALTH: Record<Exclude<Health, 'none'>, Shape> = {
  starting: { tone: 'mute', glyph: 'wait' },
  healthy: { tone: 'ok', glyph: 'ok' },
  unhealthy: { tone: 'error', glyph: 'err' },
};
const PAST: Shape = { tone: 'mute', glyph: 'unk' };

interface Props {
  name: string;
  /** None where the engine does not tell of it. */
  container: Container | undefined;
  /** All of its engine. */
  containers: readonly Container[];
  past: boolean;
}

export function ContainerLine({ name, container, containers, past }: Props) {
  const about = container === undefined ? [] : [ownerInWords(container.owner), networkInWords(container.networkOf, containers)].filter((part) => part !== null);
  const said = (word: string) => (past ? text.was(word) : word);
  const { state, health } = container ?? { state: 'unknown', health: 'none' };
  return (
    <div className="why container" data-testid={`container-${name}`}>
      <div className="hs">
        <span className="el t2" title={name}>{name}</span>
        <span className="fill" />
        {health !== 'none' && <Status {...(past ? PAST : HEALTH[health])} title={text.healthTitle}>{said(text.health[health])}</Status>}
        <Status {...(past ? PAST : STATES[state])}>{state === 'unknown' ? text.containers.unknown : said(text.containers[state])}</Status>
      </div>
      {about.length > 0 && <div className="el" title={container === undefined ? undefined : placeOf(container.owner)}>{about.join(' · ')}</div>}
    </div>
  );
}

export function ownerInWords(owner: Owner): string | null {
  switch (owner.kind) {
    case 'nobody':
      return null;
    case 'compose':
      return text.compose(owner.project, owner.service, owner.through);
    case 'swarm':
      return text.swarm(owner.service);
  }
}

/** Where the files of a project were, for the pointer. */
export function placeOf(owner: Owner): string | undefined {
  return owner.kind === 'compose' ? [owner.service, owner.folder, ...owner.files].filter(Boolean).join(' · ') : undefined;
}

function networkInWords(of: string | null, containers: readonly Container[]): string | null {
  if (of === null) return null;
  const other = containers.find((one) => one.name === of) ?? containers.find((one) => one.id === of);
  return text.network(other?.name ?? (/^[0-9a-f]{64}$/.test(of) ? of.slice(0, 12) : of));
}
