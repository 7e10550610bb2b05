// One clock for all ages on the page.
import { create } from 'zustand';

const useClock = create(() => ({ coarse: Date.now(), fine: Date.now() }));

/** Ages in cells move every 15 s. */
export const useNow = (): number => useClock((clock) => clock.coarse);
/** Running times move every second. */
export const useSeconds = (): number => useClock((clock) => clock.fine);

export function startClock(): () => void {
  let beats = 0;
  const timer = setInterval(() => {
    if (document.visibilityState === 'hidden') return;
    beats += 1;
    const now = Date.now();
    useClock.setState(beats % 15 === 0 ? { fine: now, coarse: now } : { fine: now });
  }, 1000);
  const seen = () => useClock.setState({ fine: Date.now(), coarse: Date.now() });
  seen();
  document.addEventListener('visibilitychange', seen);
  return () => {
    clearInterval(timer);
    document.removeEventListener('visibilitychange', seen);
  };
}
