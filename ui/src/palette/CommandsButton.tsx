// Opens the palette by the mouse.
import { Terminal } from 'lucide-react';
import { words } from '../words/en';
import { openPalette } from './state';

const text = words.commands.palette;

export function CommandsButton() {
  return (
    <button type="button" className="button ghost" onClick={openPalette} title={text.open} aria-keyshortcuts="Control+K" data-testid="commands">
      <Terminal className="icon" aria-hidden />
      <span className="wide-only">{text.open}</span>
      <kbd className="kbd">Ctrl K</kbd>
    </button>
  );
}
