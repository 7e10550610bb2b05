// What a receipt says of images that were to be renewed, and its one line for lists.
import type { Receipt } from '../bindings/Receipt';
import type { RenewedContainer } from '../bindings/RenewedContainer';
import type { RenewedImage } from '../bindings/RenewedImage';
import type { GlyphName } from '../parts/Glyph';
import type { Tone } from '../parts/Status';
import { words } from '../words/en';

const text = words.renewal;

/** Every container runs from the new image now. */
export const isRenewed = ({ to, problem }: RenewedImage): boolean => to !== null && problem === null;

/** What it was about, and how much of it was done. */
export function whatOf({ images, changes }: Receipt): string {
  return images.length > 0 ? text.summary(images.filter(isRenewed).length, images.length) : words.history.update(changes.length);
}

interface Said {
  tone: Tone;
  glyph: GlyphName;
  word: string;
}

/** One that does not run is no news where it was well renewed: it did not run before. */
export function standingOf(container: RenewedContainer, image: RenewedImage): Said {
  if (container.imageId === null) return { tone: 'mute', glyph: 'unk', word: text.unknown };
  if (container.follows) return followedOf(container, image);
  const from = container.imageId === image.to ? 'new' : container.imageId === image.from ? 'old' : 'other';
  if (!container.running) return isRenewed(image) ? { tone: 'mute', glyph: 'stop', word: text.rests[from] } : { tone: 'error', glyph: 'err', word: text.rests[from] };
  return from === 'new' ? { tone: 'ok', glyph: 'ok', word: text.runs.new } : { tone: 'caution', glyph: 'back', word: text.runs[from] };
}

/** It is measured by no image: it keeps its own. */
function followedOf({ running }: RenewedContainer, image: RenewedImage): Said {
  const of = lenderOf(image);
  if (!isRenewed(image)) return running ? { tone: 'mute', glyph: 'run', word: text.followed.runs(of) } : { tone: 'error', glyph: 'err', word: text.followed.rests };
  return running ? { tone: 'ok', glyph: 'ok', word: text.followed.again(of) } : { tone: 'mute', glyph: 'stop', word: text.followed.restsAgain };
}

/** Whose network it uses: told only where no other can be meant. */
function lenderOf({ containers }: RenewedImage): string | null {
  const own = containers.filter(({ follows }) => !follows);
  return own.length === 1 ? (own[0]?.name ?? null) : null;
}
