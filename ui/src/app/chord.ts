// A pressed key as the page writes it: `Ctrl Shift S`, `F6`, `/`. Command counts as Ctrl.

interface Pressed {
  key: string;
  ctrlKey: boolean;
  metaKey: boolean;
  shiftKey: boolean;
  altKey: boolean;
}

/** Null with Alt, which belongs to the desktop and to letters that need it. */
export function chordOf({ key, ctrlKey, metaKey, shiftKey, altKey }: Pressed): string | null {
  if (altKey || key === 'Control' || key === 'Shift' || key === 'Meta') return null;
  const ctrl = ctrlKey || metaKey;
  // The larger and smaller of the zoom are where the keyboard has them, with Shift or without.
  if (ctrl && (key === '+' || key === '=')) return 'Ctrl +';
  if (ctrl && (key === '-' || key === '_')) return 'Ctrl −';
  const name = /^[a-z]$/i.test(key) ? key.toUpperCase() : key;
  const shift = shiftKey && (ctrl || name.length > 1);
  return [ctrl ? 'Ctrl' : '', shift ? 'Shift' : '', name].filter(Boolean).join(' ');
}
