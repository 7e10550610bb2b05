// What every dialog about a cluster looks like: heading, one sentence, body, foot with the one red button.
import { Dialog } from '@base-ui/react/dialog';
import { X } from 'lucide-react';
import { type FormEvent, type ReactNode, useEffect, useRef } from 'react';
import { words } from '../words/en';

interface Props {
  title: string;
  lead: ReactNode;
  children: ReactNode;
  /** Right in the foot. The one that goes on is of type submit. */
  foot: ReactNode;
  /** Left in the foot: why it does not go on yet. */
  hint?: ReactNode;
  onSubmit?: () => void;
  /** Changes when the fields are there, where they come later than the dialog. */
  begin?: boolean;
}

export function Frame({ title, lead, children, foot, hint, onSubmit, begin }: Props) {
  const form = useRef<HTMLFormElement>(null);
  // The page of a dialog begins at its first field, else at its next step.
  useEffect(() => {
    if (begin === false) return;
    const place = form.current;
    const first = place?.querySelector<HTMLElement>('.dialog-text input, .dialog-text textarea') ?? place?.querySelector<HTMLElement>('.dialog-foot .primary:not(:disabled)');
    first?.focus();
  }, [begin]);
  function submit(event: FormEvent): void {
    event.preventDefault();
    onSubmit?.();
  }
  return (
    <form ref={form} className="dialog-form" onSubmit={submit}>
      <div className="dialog-head">
        <div className="fill">
          <Dialog.Title>{title}</Dialog.Title>
          <Dialog.Description className="small t2 mt-1">{lead}</Dialog.Description>
        </div>
        <Dialog.Close className="button ghost square" aria-label={words.close} data-testid="dialog-close"><X className="icon" aria-hidden /></Dialog.Close>
      </div>
      <div className="dialog-text scrolls">{children}</div>
      <div className="dialog-foot">
        <span className="small t3 fill">{hint}</span>
        {foot}
      </div>
    </form>
  );
}

/** `Close` where nothing is begun that could be cancelled. */
export function CancelButton({ close }: { close?: boolean }) {
  return <Dialog.Close className="button ghost" data-testid="dialog-cancel">{close === true ? words.close : words.cancel}</Dialog.Close>;
}
