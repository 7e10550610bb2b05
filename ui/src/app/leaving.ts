// Where the page's focus goes when a menu closes: back to its button, unless something that was chosen has it by then.
import { useRef } from 'react';

export interface Leaving {
  finalFocus: () => boolean;
  /** Before a chosen entry does its work: what it opens gives the focus back to the button in its turn. */
  leave: () => void;
}

export function useLeaving(button: string): Leaving {
  const chosen = useRef(false);
  return {
    finalFocus: () => {
      const back = !chosen.current;
      chosen.current = false;
      return back;
    },
    leave: () => {
      chosen.current = true;
      document.getElementById(button)?.focus();
    },
  };
}
