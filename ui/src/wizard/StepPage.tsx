// What every page of the wizard looks like: heading, one question, foot with Back and the next step.
import { type FormEvent, type ReactNode, useEffect, useRef } from 'react';
import { Glyph } from '../parts/Glyph';
import { words } from '../words/en';
import { back } from './state';

interface Props {
  title: string;
  lead: ReactNode;
  done?: boolean;
  children: ReactNode;
  /** Right in the foot. The one that goes on is of type submit. */
  foot: ReactNode;
  onSubmit: () => void;
  noBack?: boolean;
}

export function StepPage({ title, lead, done, children, foot, onSubmit, noBack }: Props) {
  const heading = useRef<HTMLHeadingElement>(null);
  // A new page begins at its heading for those who listen, at its first field for those who type.
  useEffect(() => {
    const form = heading.current?.closest('form');
    const first = form?.querySelector<HTMLElement>('.wizard-body input:not([disabled])');
    (first ?? heading.current)?.focus();
  }, []);
  function submit(event: FormEvent): void {
    event.preventDefault();
    onSubmit();
  }
  return (
    <form className="wizard-page" onSubmit={submit}>
      <div className="wizard-body scrolls">
        <div>
          <div>
            <div className="hs">
              {done === true && <span className="status ok"><Glyph name="ok" large /></span>}
              <h2 ref={heading} tabIndex={-1} data-testid="wizard-title">{title}</h2>
            </div>
            <p className="lead-text">{lead}</p>
          </div>
          {children}
        </div>
      </div>
      <div className="wizard-foot">
        {noBack !== true && <button type="button" className="button ghost" onClick={back} data-testid="wizard-back">{words.back}</button>}
        <span className="fill" />
        {foot}
      </div>
    </form>
  );
}
