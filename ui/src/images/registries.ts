// What is said of a registry, and what can be done to it.
import { KeyRound, PencilLine, Undo2, UserX } from 'lucide-react';
import type { Entry } from '../actions/menu';
import { ABLE } from '../actions/verdict';
import { fail, tell } from '../app/notices';
import type { Allowance } from '../bindings/Allowance';
import type { RegistryRow } from '../bindings/RegistryRow';
import { rpc } from '../host';
import { words } from '../words/en';
import { when } from '../words/format';
import { registriesMoved } from './checking';

const text = words.registries;

/** The dialog that is open, and about which registry. */
export type RegistryTask = { kind: 'add' } | { kind: 'find' } | { kind: 'change' | 'login'; row: RegistryRow };

/** A host, with its port where it is another than the usual one: `registry.lan:5000`, `[fd00::1]:5000`. */
export const isHost = (name: string): boolean => /^(?:[\w.-]+|\[[\da-f:.]+\])(?::\d{1,5})?$/i.test(name);

/** What is left of what a registry allows; once it must be whole again, the figure of before says nothing. */
export function allowanceInWords({ remaining, limit, wholeAt }: Allowance, now: number): string {
  if (wholeAt !== null && wholeAt <= now) return text.wholeSince(when(wholeAt, now));
  const left = text.left(remaining, limit);
  return wholeAt === null ? left : text.whole(left, when(wholeAt, now));
}

/** Answers whether it was done. */
async function done(work: () => Promise<unknown>, said: string): Promise<boolean> {
  let well = true;
  try {
    await work();
    tell(said);
  } catch (thrown) {
    fail(thrown);
    well = false;
  }
  registriesMoved();
  return well;
}

export const askEvery = (hours: number): Promise<boolean> => done(() => rpc('set_image_rhythm', { hours }), words.fleetImages.rhythm.set(hours));

export function entriesOf(row: RegistryRow, open: (task: RegistryTask) => void): Entry[] {
  const { name, user, setting } = row;
  const say = text.actions;
  return [
    { id: 'registry-change', icon: PencilLine, label: say.change, keys: null, group: 1, verdict: ABLE, run: () => open({ kind: 'change', row }) },
    {
      id: 'registry-usual', icon: Undo2, label: say.usual, keys: null, group: 1,
      verdict: setting === null ? { able: false, why: say.isUsual } : ABLE,
      run: () => void done(() => rpc('remove_registry', { name }), say.usualAgain(name)),
    },
    { id: 'registry-login', icon: KeyRound, label: user === null ? say.login : say.relogin, keys: null, group: 2, verdict: ABLE, run: () => open({ kind: 'login', row }) },
    {
      id: 'registry-logout', icon: UserX, label: say.logout, keys: null, group: 2,
      verdict: user === null ? { able: false, why: say.noLogin } : ABLE,
      run: () => void done(() => rpc('remove_login', { registry: name }), say.loggedOut(name)),
    },
  ];
}
