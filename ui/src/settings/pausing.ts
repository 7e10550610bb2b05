// Messages that are held back for a while.
import { tell } from '../app/notices';
import { prefer, usePreferences } from '../live/preferences';
import { words } from '../words/en';
import { when } from '../words/format';

export const HOUR_MS = 3_600_000;
const MORNING = 8;

/** Tomorrow at 08:00 of this computer's clock. */
export function tomorrowMorning(now: number): number {
  const at = new Date(now);
  at.setDate(at.getDate() + 1);
  at.setHours(MORNING, 0, 0, 0);
  return at.getTime();
}

/** Until when, if they are held back now. */
export function pausedNow(): number | null {
  const { pausedUntil } = usePreferences.getState().messages;
  return pausedUntil !== null && pausedUntil > Date.now() ? pausedUntil : null;
}

export function pauseUntil(until: number | null): void {
  void prefer(({ messages }) => ({ messages: { ...messages, pausedUntil: until } }));
  const text = words.commands.window;
  tell(until === null ? text.resumed : text.paused(whenExactly(until)));
}

/** `14:54`, or `23 Nov, 08:00` where it is another day. */
export function whenExactly(at: number, now = Date.now()): string {
  const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' }).format(at);
  const day = when(at, now);
  return day === clock ? clock : `${day}, ${clock}`;
}
