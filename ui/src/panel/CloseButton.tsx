// Closes the panel and gives the focus back to the tree.
import { X } from 'lucide-react';
import { summon } from '../tree/view';
import { words } from '../words/en';
import { openPanel } from './state';

export function CloseButton() {
  const close = () => {
    openPanel(false);
    summon();
  };
  return (
    <button type="button" className="button ghost square compact" aria-label={words.close} onClick={close} data-testid="panel-close">
      <X className="icon" aria-hidden />
    </button>
  );
}
