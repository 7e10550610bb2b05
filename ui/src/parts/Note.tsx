// Notes and errors: one glyph, what happened, the remote's own words, what to do next.
import { clsx } from 'clsx';
import { Info } from 'lucide-react';
import type { ReactNode } from 'react';
import { words } from '../words/en';
import { Glyph, type GlyphName } from './Glyph';

interface NoteProps {
  tone?: 'caution' | 'error' | 'ok';
  glyph?: GlyphName;
  children: ReactNode;
  action?: ReactNode;
  testId?: string;
}

export function Note({ tone, glyph, children, action, testId }: NoteProps) {
  return (
    <div className={clsx('note', tone)} role={tone === 'error' ? 'alert' : undefined} data-testid={testId}>
      {glyph === undefined ? <Info className="icon" aria-hidden /> : <Glyph name={glyph} />}
      <div>{children}</div>
      {action}
    </div>
  );
}

interface Trouble {
  message: string;
  words: string | null;
  next: string | null;
}

interface ErrorNoteProps {
  error: Trouble;
  action?: ReactNode;
  /** A line that is no advice, such as when it is tried again. */
  more?: string | null;
  /** A button under the words, where they are long. */
  below?: ReactNode;
  testId?: string;
}

/** A failure with everything that is known about it. */
export function ErrorNote({ error, action, more, below, testId }: ErrorNoteProps) {
  return (
    <Note tone="error" glyph="err" action={action} testId={testId ?? 'error'}>
      <TroubleText error={error} />
      {more !== undefined && more !== null && <p className="mt-1">{more}</p>}
      {below !== undefined && <div className="mt-2">{below}</div>}
    </Note>
  );
}

export function TroubleText({ error }: { error: Trouble }) {
  return (
    <>
      <p className="medium">{error.message}</p>
      {error.words !== null && error.words !== error.message && <p className="mono t2 mt-1">{error.words}</p>}
      {error.next !== null && <p className="mt-1">{`${words.next} ${error.next}`}</p>}
    </>
  );
}
