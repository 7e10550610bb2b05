// Single letters in the tree: S, U, I. A letter whose action is not possible says why.
import { fail } from '../app/notices';
import { CommandError } from '../host';
import { ACTIONS } from './registry';
import { scopeNow } from './scope';

interface Pressed {
  key: string;
  ctrlKey: boolean;
  shiftKey: boolean;
}

/** Whether the key belonged to an action. */
export function letter(event: Pressed): boolean {
  if (event.ctrlKey || event.shiftKey) return false;
  const action = ACTIONS.find((action) => action.letter === event.key.toLowerCase());
  const scope = scopeNow();
  if (action === undefined || scope === null) return false;
  const verdict = action.when(scope);
  if (verdict.able) action.run(scope);
  else fail(new CommandError({ code: 'conflict', message: `${action.label(scope)} ${scope.name}: ${verdict.why}.`, words: null, next: null }));
  return true;
}
