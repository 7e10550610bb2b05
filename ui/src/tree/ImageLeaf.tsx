// How an image below an opened guest stands: its new digest, or why nobody can say.
import type { ImageState } from '../bindings/ImageState';
import { useNow } from '../live/clock';
import { saidOf, shortDigest, toldOf } from '../panel/images';
import { Badge, Status, Version } from '../parts/Status';
import { words } from '../words/en';

/** `digest` is the one in use, where it is known. */
export function ImageCell({ state, digest }: { state: ImageState; digest: string | null }) {
  if (state.kind !== 'update') return <Unclear state={state} />;
  return (
    <>
      <Version from={digest === null ? null : shortDigest(digest)} to={shortDigest(state.digest)} />
      <Badge tone="info" title={state.digest}>{words.images.newDigest}</Badge>
    </>
  );
}

/** Its own subscription to the clock: until when a registry answers nobody is said by it. */
function Unclear({ state }: { state: ImageState }) {
  const now = useNow();
  const { word, ...shape } = saidOf(state, false);
  const told = toldOf(state, now);
  return (
    <>
      <Status {...shape}>{word}</Status>
      {told !== '' && <span className="el t3" title={told}>{told}</span>}
    </>
  );
}
