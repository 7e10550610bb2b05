// The button at the end of a row that opens its menu; a right-click on the row opens the same.
import { Ellipsis } from 'lucide-react';
import type { MouseEvent } from 'react';

/** `back` gets the focus when the menu is gone. */
export type OpenAt = (x: number, y: number, back: HTMLElement | null) => void;

export function More({ label, testId, onOpen }: { label: string; testId: string; onOpen: OpenAt }) {
  function onClick(event: MouseEvent<HTMLElement>): void {
    event.stopPropagation();
    const box = event.currentTarget.getBoundingClientRect();
    onOpen(box.left, box.bottom, event.currentTarget);
  }
  return <button type="button" className="button ghost square compact" aria-label={label} aria-haspopup="menu" onClick={onClick} data-testid={testId}><Ellipsis className="icon small" aria-hidden /></button>;
}

/** A right-click on a row opens what its button opens. */
export const onRow = (open: OpenAt) => (event: MouseEvent<HTMLElement>): void => {
  event.preventDefault();
  open(event.clientX, event.clientY, event.currentTarget.querySelector<HTMLElement>('[aria-haspopup="menu"]'));
};
