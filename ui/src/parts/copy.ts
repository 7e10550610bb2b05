// Puts text on the clipboard, also where the page may not use the newer way.
import { fail } from '../app/notices';
import { CommandError } from '../host';
import { words } from '../words/en';

export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    if (copyBySelection(text)) return true;
    fail(new CommandError({ code: 'internal', message: words.trouble.clipboard, words: null, next: words.trouble.clipboardNext }));
    return false;
  }
}

function copyBySelection(text: string): boolean {
  const before = document.activeElement;
  const area = document.createElement('textarea');
  area.value = text;
  area.setAttribute('readonly', '');
  area.className = 'unseen';
  document.body.append(area);
  area.select();
  const done = document.execCommand('copy');
  area.remove();
  if (before instanceof HTMLElement) before.focus();
  return done;
}
