// The small button beside an image that has an update: a plan for this image alone.
import type { Reason } from '../actions/able';
import { useLive } from '../live/store';
import { familiar } from '../panel/images';
import { words } from '../words/en';
import { renewImage, whyNotThese } from './renewing';

const text = words.renewal;

export function RenewButton({ image, guests }: { image: string; guests: readonly string[] }) {
  const why: Reason = useLive((live) => whyNotThese(live.fleet, guests));
  return (
    <button
      type="button"
      className="button compact"
      aria-disabled={why !== null}
      aria-label={text.oneOf(familiar(image))}
      title={why ?? undefined}
      onClick={(event) => {
        // The row below it opens and closes by a click.
        event.stopPropagation();
        if (why === null) renewImage(image, guests);
      }}
      data-testid={`renew-${image}`}
    >
      {text.one}
    </button>
  );
}
