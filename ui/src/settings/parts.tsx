// What every page of the settings is made of: cards, rows with one control, switches, selects.
import { clsx } from 'clsx';
import { type ReactNode, useId } from 'react';

interface CardProps {
  title: string;
  /** At the right of the head. */
  aside?: ReactNode;
  /** Over both columns. */
  wide?: boolean;
  children: ReactNode;
  testId?: string;
}

export function Card({ title, aside, wide, children, testId }: CardProps) {
  const id = useId();
  return (
    <section className={clsx('card set-card', wide && 'wide')} aria-labelledby={id} data-testid={testId}>
      <div className="card-head"><h3 id={id}>{title}</h3><span className="fill" />{aside}</div>
      {children}
    </section>
  );
}

interface RowProps {
  name: ReactNode;
  hint?: ReactNode;
  children?: ReactNode;
  testId?: string;
}

export function Row({ name, hint, children, testId }: RowProps) {
  return (
    <div className="set-row" data-testid={testId}>
      <div className="min-w-0"><div>{name}</div>{hint !== undefined && <p>{hint}</p>}</div>
      <span className="hs">{children}</span>
    </div>
  );
}

interface SwitchProps {
  name: string;
  hint?: string | undefined;
  on: boolean;
  /** Why it cannot be changed, in place of the hint. */
  why?: string | null;
  onChange: (on: boolean) => void;
  testId: string;
}

/** A row whose control is on or off. One that cannot be changed stays and says why. */
export function SwitchRow({ name, hint, on, why = null, onChange, testId }: SwitchProps) {
  const id = useId();
  const second = why ?? hint;
  return (
    <div className="set-row">
      <div className="min-w-0"><div id={id}>{name}</div>{second !== undefined && <p id={`${id}-hint`} className={why === null ? undefined : 't2'}>{second}</p>}</div>
      <Switch on={on} off={why !== null} labelledBy={id} describedBy={second === undefined ? undefined : `${id}-hint`} onChange={onChange} testId={testId} />
    </div>
  );
}

interface BareProps {
  on: boolean;
  off?: boolean;
  label?: string;
  labelledBy?: string;
  describedBy?: string | undefined;
  onChange: (on: boolean) => void;
  testId: string;
}

export function Switch({ on, off = false, label, labelledBy, describedBy, onChange, testId }: BareProps) {
  return (
    <button type="button" role="switch" className="switch" aria-checked={on} aria-disabled={off || undefined} aria-label={label} aria-labelledby={labelledBy} aria-describedby={describedBy} onClick={() => !off && onChange(!on)} data-testid={testId} />
  );
}

interface SelectProps {
  label: string;
  value: string;
  options: readonly (readonly [string, string])[];
  onChange: (value: string) => void;
  testId: string;
}

export function Select({ label, value, options, onChange, testId }: SelectProps) {
  return (
    <select className="field in-row" aria-label={label} value={value} onChange={(event) => onChange(event.target.value)} data-testid={testId}>
      {options.map(([one, shown]) => <option key={one} value={one}>{shown}</option>)}
    </select>
  );
}
