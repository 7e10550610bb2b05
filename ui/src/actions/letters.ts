// Single letters in the tree: S, U, I, Shift R. A letter whose action is not possible says why.
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
  if (event.ctrlKey) return false;
  const pressed = event.shiftKey ? event.key.toUpperCase() : event.key.toLowerCase();
  const action = ACTIONS.find((action) => action.letter === pressed);
  const scope = scopeNow();
  if (action === undefined || scope === null) return false;
  const verdict = action.when(scope);
  if (verdict.able) action.run(scope);
  else fail(new CommandError({ code: 'conflict', message: `${action.label(scope)} ${scope.name}: ${verdict.why}.`, words: null, next: null }));
  return true;
}
