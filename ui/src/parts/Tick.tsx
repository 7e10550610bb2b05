// Tick boxes: ink, never red.
import type { ReactNode } from 'react';

const MARK = (
  <svg viewBox="0 0 12 12" aria-hidden="true">
    <path d="m2.5 6.2 2.3 2.3 4.7-5" />
  </svg>
);

interface TickProps {
  checked: boolean | 'mixed';
  onChange: (checked: boolean) => void;
  label: string;
  disabled?: boolean;
  testId?: string;
}

export function Tick({ checked, onChange, label, disabled, testId }: TickProps) {
  return (
    <button
      type="button"
      role="checkbox"
      className="tick"
      aria-checked={checked}
      aria-label={label}
      disabled={disabled}
      data-testid={testId}
      onClick={() => onChange(checked !== true)}
    >
      {MARK}
    </button>
  );
}

/** A tick box with its words; the words can be clicked too. */
export function TickLine({ checked, onChange, children, testId }: Omit<TickProps, 'label'> & { children: ReactNode }) {
  return (
    <button type="button" role="checkbox" className="tick-line" aria-checked={checked} data-testid={testId} onClick={() => onChange(checked !== true)}>
      <span className={checked === true ? 'tick on' : 'tick'}>{MARK}</span>
      <span>{children}</span>
    </button>
  );
}

/** Only the picture of a tick box, inside something that carries the state itself. */
export function TickPicture({ on }: { on: boolean }) {
  return <span className={on ? 'tick on' : 'tick'}>{MARK}</span>;
}
