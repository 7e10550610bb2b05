// How the images of a guest are sorted and said for people.
import type { DockerScan } from '../bindings/DockerScan';
import type { GuestDetails } from '../bindings/GuestDetails';
import type { ImageInUse } from '../bindings/ImageInUse';
import type { ImageState } from '../bindings/ImageState';
import type { GlyphName } from '../parts/Glyph';
import type { Tone } from '../parts/Status';
import type { Leaf } from '../tree/rows';
import { words } from '../words/en';
import { when } from '../words/format';

const text = words.images;
/** What Rust says where no registry was asked so far: no failure, and so no reason to show. */
const UNASKED = 'Nobody has asked yet';

export interface Said {
  tone: Tone;
  glyph: GlyphName;
  word: string;
}

const isUnasked = (state: ImageState): boolean => state.kind === 'unknown' && state.reason === UNASKED;
const wordOf = (state: ImageState): string => (isUnasked(state) ? text.unasked : text.states[state.kind]);

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
    case 'unknown':
      return { tone: 'mute', glyph: 'unk', word };
  }
}

/** Why it stands so, as far as its word does not say it. */
export function whyOf(state: ImageState, now: number): string | null {
  switch (state.kind) {
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
      return isUnasked(state) ? null : state.reason;
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

/** Whether the last question was answered. Else the time beside it is that of an earlier answer. */
export function isAnswered(state: ImageState): boolean {
  return state.kind === 'current' || state.kind === 'update' || state.kind === 'pinned' || state.kind === 'local';
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

export const socketOf = (scan: DockerScan): string => (scan.kind === 'found' ? scan.engine.socket : scan.socket);

const RANKS: Record<ImageState['kind'], number> = { update: 0, gone: 1, noAccess: 1, rateLimited: 1, unknown: 1, current: 2, pinned: 2, local: 2 };

export const imageKey = ({ socket, image, imageId }: ImageInUse): string => `${socket}/${image}/${imageId}`;

/** Of one engine: what can be updated first, then what nobody could say of, then what is well. */
export function imagesOf(images: readonly ImageInUse[], socket: string): ImageInUse[] {
  const found = new Map<string, ImageInUse>();
  for (const image of images) {
    if (image.socket !== socket) continue;
    // Two ways of writing one name, `nginx` and `nginx:latest`, are one image.
    const known = found.get(imageKey(image));
    found.set(imageKey(image), known === undefined ? image : { ...known, containers: [...known.containers, ...image.containers] });
  }
  return [...found.values()].toSorted((a, b) => RANKS[a.checked.state.kind] - RANKS[b.checked.state.kind]);
}

/** The rows of images below an opened guest: those that its figures count. */
export function imageLeaves({ inventory, images }: GuestDetails): Leaf[] {
  return (inventory?.docker ?? []).flatMap((scan): Leaf[] => {
    const socket = socketOf(scan);
    const counted = imagesOf(images, socket).filter((image) => RANKS[image.checked.state.kind] < 2);
    const podman = scan.kind === 'found' && scan.engine.podman;
    const leaves = counted.map((image): Leaf => ({ kind: 'image', image, podman }));
    return scan.kind === 'failed' ? [{ kind: 'engine', socket, reason: scan.reason }, ...leaves] : leaves;
  });
}
