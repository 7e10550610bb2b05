// How the images of a guest are sorted and said for people.
import type { Checked } from '../bindings/Checked';
import type { DockerScan } from '../bindings/DockerScan';
import type { GuestDetails } from '../bindings/GuestDetails';
import type { ImageInUse } from '../bindings/ImageInUse';
import type { ImageState } from '../bindings/ImageState';
import type { GlyphName } from '../parts/Glyph';
import type { Tone } from '../parts/Status';
import type { Leaf } from '../tree/rows';
import { words } from '../words/en';
import { age, when } from '../words/format';

const text = words.images;

export interface Said {
  tone: Tone;
  glyph: GlyphName;
  word: string;
}

const wordOf = (state: ImageState): string => text.states[state.kind];

/** What is only known from an earlier time is no good news of today. */
export function saidOf(state: ImageState, past: boolean): Said {
  const word = wordOf(state);
  switch (state.kind) {
    case 'current':
      return past ? { tone: 'mute', glyph: 'unk', word: text.was(word) } : { tone: 'ok', glyph: 'ok', word };
    case 'update':
      return { tone: past ? 'mute' : 'info', glyph: 'upd', word };
    case 'pinned':
      return { tone: 'mute', glyph: 'held', word };
    case 'local':
      return { tone: 'mute', glyph: 'uns', word };
    case 'gone':
    case 'noAccess':
      return { tone: 'error', glyph: 'err', word };
    case 'rateLimited':
      return { tone: 'mute', glyph: 'wait', word };
    case 'unasked':
    case 'unknown':
      return { tone: 'mute', glyph: 'unk', word };
  }
}

/** Why it stands so, as far as its word does not say it. */
export function whyOf(state: ImageState, now: number): string | null {
  switch (state.kind) {
    case 'unasked':
    case 'current':
    case 'update':
      return null;
    case 'pinned':
      return state.moved === true ? text.moved : null;
    case 'local':
      return state.why;
    case 'gone':
      return text.gone;
    case 'noAccess':
      return text.noAccess;
    case 'rateLimited':
      return text.limited(state.until === null ? null : when(state.until, now));
    case 'unknown':
      return state.reason;
  }
}

/** What the registry itself said. */
export function remoteWords(state: ImageState): string | null {
  return state.kind === 'gone' || state.kind === 'noAccess' ? state.words : null;
}

/** What was known before nobody could say: `before: new digest 9b2e4d17a0c8`. */
export function beforeOf(state: ImageState): string | null {
  const last = state.kind === 'rateLimited' || state.kind === 'unknown' ? state.last : null;
  if (last === null) return null;
  const word = text.lower(wordOf(last));
  return text.before(last.kind === 'update' ? text.digest(word, shortDigest(last.digest)) : word);
}

/** All that is known beside its word, in one line: what the registry said, else why it stands so, and what was known before. */
export function toldOf(state: ImageState, now: number): string {
  return [remoteWords(state) || whyOf(state, now), beforeOf(state)].filter((part) => part !== null).join(' · ');
}

/** `Checked 3 h ago`. Where the last question was not answered, the time is that of an earlier answer, and says so. */
export function sinceOf({ state, at }: Checked, now: number): string | null {
  if (at === null) return null;
  const ago = words.cluster.since(age(at, now));
  return standingOf(state) === 'unclear' ? text.answered(ago) : text.checked(ago);
}

const DIGEST = /sha256:([0-9a-f]{12})[0-9a-f]{52}/;

/** The first 12 digits, as Docker shows them. */
export const shortDigest = (digest: string): string => DIGEST.exec(digest)?.[1] ?? digest;

/** As people write it: without what Docker adds by itself, and with no digest in full. */
export function familiar(image: string): string {
  const short = image.replace(/^(?:index\.)?docker\.io\/(?:library\/)?/, '');
  if (short.startsWith('sha256:')) return shortDigest(short);
  return short.replace(DIGEST, 'sha256:$1…');
}

const repositoryOf = (reference: string): string => familiar(reference.replace(/@.*$/, '').replace(/:[^/:]*$/, ''));

/** The digest that is in use. None where the engine knows none of this repository, or several. */
export function digestInUse({ image, imageId }: ImageInUse, scan: DockerScan): string | null {
  const known = scan.kind === 'found' ? scan.images.find(({ id }) => id === imageId) : undefined;
  const digests = (known?.repoDigests ?? []).filter((one) => repositoryOf(one) === repositoryOf(image)).map((one) => one.slice(one.indexOf('@') + 1));
  return digests.length === 1 ? (digests[0] ?? null) : null;
}

export const socketOf = (scan: DockerScan): string => (scan.kind === 'found' ? scan.engine.socket : scan.socket);

/** What matters of a state in lists and sums. Quiet ones are none of RedFlag's business. */
export type Standing = 'update' | 'unclear' | 'current' | 'quiet';

const STANDINGS: Record<ImageState['kind'], Standing> = {
  update: 'update', unasked: 'unclear', gone: 'unclear', noAccess: 'unclear', rateLimited: 'unclear', unknown: 'unclear', current: 'current', pinned: 'quiet', local: 'quiet',
};
const RANKS: Record<Standing, number> = { update: 0, unclear: 1, current: 2, quiet: 2 };

export const standingOf = (state: ImageState): Standing => STANDINGS[state.kind];
/** What can be updated first, then what nobody could say of, then what is well. */
export const rankOf = (state: ImageState): number => RANKS[standingOf(state)];

export const imageKey = ({ socket, image, imageId }: ImageInUse): string => `${socket}/${image}/${imageId}`;

/** Two ways of writing one name, `nginx` and `nginx:latest`, are one image. */
export const together = (one: ImageInUse, other: ImageInUse): ImageInUse => ({ ...one, containers: [...one.containers, ...other.containers], newer: one.newer ?? other.newer, notes: one.notes ?? other.notes });

/** Of one engine, by rank. */
export function imagesOf(images: readonly ImageInUse[], socket: string): ImageInUse[] {
  const found = new Map<string, ImageInUse>();
  for (const image of images) {
    if (image.socket !== socket) continue;
    const known = found.get(imageKey(image));
    found.set(imageKey(image), known === undefined ? image : together(known, image));
  }
  return [...found.values()].toSorted((a, b) => rankOf(a.checked.state) - rankOf(b.checked.state));
}

/** The rows of images below an opened guest: those that its figures count. */
export function imageLeaves({ inventory, images }: GuestDetails): Leaf[] {
  return (inventory?.docker ?? []).flatMap((scan): Leaf[] => {
    const socket = socketOf(scan);
    const counted = imagesOf(images, socket).filter((image) => rankOf(image.checked.state) < 2);
    const podman = scan.kind === 'found' && scan.engine.podman;
    const leaves = counted.map((image): Leaf => ({ kind: 'image', image, digest: digestInUse(image, scan), podman }));
    return scan.kind === 'failed' ? [{ kind: 'engine', socket, reason: scan.reason }, ...leaves] : leaves;
  });
}
