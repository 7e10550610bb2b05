// Single letters in the tree: S, U, I, Shift R, and Ctrl keys that do the same everywhere in the fleet. What is not possible says why.
import { fail } from '../app/notices';
import { CommandError } from '../host';
import { usePreferences } from '../live/preferences';
import { type Action, ACTIONS } from './registry';
import { words } from '../words/en';
import { aboutOf, scopeNow } from './scope';

interface Pressed {
  key: string;
  ctrlKey: boolean;
  shiftKey: boolean;
}

/** Whether the key belonged to an action. Letters can be switched off (WCAG 2.1.4). */
export function letter(event: Pressed): boolean {
  if (event.ctrlKey || !usePreferences.getState().look.letters) return false;
  const pressed = event.shiftKey ? event.key.toUpperCase() : event.key.toLowerCase();
  return act(ACTIONS.find((action) => action.letter === pressed));
}

/** The same with Ctrl, from anywhere in the fleet. */
export function chordAction(chord: string): boolean {
  return act(ACTIONS.find((action) => action.ctrl === chord));
}

function act(action: Action | undefined): boolean {
  const scope = scopeNow();
  if (action === undefined || scope === null) return false;
  const verdict = action.shown(scope) ? action.when(scope) : { able: false as const, why: scope.one === null && scope.part === null ? words.actions.why.one : words.actions.why.notHere };
  if (verdict.able) action.run(scope);
  else fail(new CommandError({ code: 'conflict', message: `${action.label(scope)} ${aboutOf(scope)}: ${verdict.why}.`, words: null, next: null }));
  return true;
}
