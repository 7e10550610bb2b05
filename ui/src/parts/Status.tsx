// A state as shape, word and colour; badges; bars; versions.
import { clsx } from 'clsx';
import { ArrowRight } from 'lucide-react';
import type { ReactNode } from 'react';
import { words } from '../words/en';
import { Glyph, type GlyphName } from './Glyph';

export type Tone = 'ok' | 'info' | 'sec' | 'caution' | 'error' | 'busy' | 'mute';

interface StatusProps {
  tone: Tone;
  glyph: GlyphName;
  /** A count under a column head, in bold figures. */
  figure?: boolean;
  title?: string | undefined;
  children: ReactNode;
}

export function Status({ tone, glyph, figure, title, children }: StatusProps) {
  return (
    <span className={clsx('status', tone !== 'mute' && tone, figure && 'figure')} title={title}>
      <Glyph name={glyph} />
      <span>{children}</span>
    </span>
  );
}

export function Badge({ tone, glyph, children, title }: { tone?: Tone; glyph?: GlyphName; children: ReactNode; title?: string }) {
  return (
    <span className={clsx('badge', tone ?? 'plain')} title={title}>
      {glyph !== undefined && <Glyph name={glyph} />}
      {children}
    </span>
  );
}

/** A bar of 0 to 1 with its text alternative. */
export function Meter({ share, label, tone }: { share: number; label: string; tone?: 'busy' | 'high' | 'ok' | 'error' | undefined }) {
  const width = `${Math.round(Math.max(0, Math.min(1, share)) * 100)}%`;
  return (
    <span className={clsx('meter', tone)} role="img" aria-label={label} title={label}>
      <i style={{ width }} />
    </span>
  );
}

const TO = <ArrowRight className="icon" role="img" aria-label={words.to} aria-hidden={false} />;

/** From one version to another; either may be missing. */
export function Version({ from, to, not }: { from: string | null; to: string | null; not?: boolean }) {
  const all = [from, to].filter(Boolean).join(' → ');
  return (
    <span className={clsx('version', not && 'not')} title={all}>
      {from !== null && <span>{from}</span>}
      {from !== null && to !== null && TO}
      {to !== null && <b>{to}</b>}
    </span>
  );
}
