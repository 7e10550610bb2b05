// The hand-drawn state glyphs. Their shapes stand once in the page; each use refers to them.
import { clsx } from 'clsx';
import { memo } from 'react';

export type GlyphName =
  | 'ok' | 'upd' | 'sec' | 'unk' | 'unr' | 'old' | 'err' | 'uns' | 'busy' | 'wait' | 'back' | 'held' | 'lock' | 'run' | 'stop' | 'tmpl' | 'cur';

export const Glyph = memo(function Glyph({ name, large }: { name: GlyphName; large?: boolean }) {
  return (
    <svg className={clsx('glyph', large && 'large', name === 'busy' && 'turning')} aria-hidden="true">
      <use href={`#g-${name}`} />
    </svg>
  );
});
