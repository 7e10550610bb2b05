// One of a few: a row of radio buttons. Arrows move between them.
import { type KeyboardEvent, useId } from 'react';

interface Props<T extends string> {
  label: string;
  value: T;
  options: readonly (readonly [T, string])[];
  /** What the chosen one means. */
  hint?: string;
  onChange: (value: T) => void;
  testId?: string;
}

export function Choice<T extends string>({ label, value, options, hint, onChange, testId }: Props<T>) {
  const id = useId();
  const at = options.findIndex(([one]) => one === value);
  function move(event: KeyboardEvent<HTMLDivElement>): void {
    const step = event.key === 'ArrowRight' || event.key === 'ArrowDown' ? 1 : event.key === 'ArrowLeft' || event.key === 'ArrowUp' ? -1 : 0;
    const next = options[(at + step + options.length) % options.length];
    if (step === 0 || next === undefined) return;
    event.preventDefault();
    onChange(next[0]);
    const buttons = event.currentTarget.querySelectorAll<HTMLElement>('[role="radio"]');
    buttons[options.indexOf(next)]?.focus();
  }
  return (
    <div className="label">
      <span id={id}>{label}</span>
      <div className="segments" role="radiogroup" aria-labelledby={id} onKeyDown={move}>
        {options.map(([one, shown]) => (
          <button key={one} type="button" role="radio" aria-checked={one === value} tabIndex={one === value ? 0 : -1} onClick={() => onChange(one)} data-testid={testId === undefined ? undefined : `${testId}-${one}`}>
            {shown}
          </button>
        ))}
      </div>
      {hint !== undefined && <span className="t3">{hint}</span>}
    </div>
  );
}

/** In a tool bar the words of the choice stand for themselves. */
export function Segments<T extends string>(props: Omit<Props<T>, 'hint'>) {
  return <div className="in-tool-choice"><Choice {...props} /></div>;
}
