// How an image below an opened guest stands: its new digest, or why nobody can say.
import type { ImageState } from '../bindings/ImageState';
import { useNow } from '../live/clock';
import { beforeOf, remoteWords, saidOf, shortDigest, whyOf } from '../panel/images';
import { Badge, Status, Version } from '../parts/Status';
import { words } from '../words/en';

export function ImageCell({ state }: { state: ImageState }) {
  if (state.kind !== 'update') return <Unclear state={state} />;
  return (
    <>
      <Version from={null} to={shortDigest(state.digest)} />
      <Badge tone="info" title={state.digest}>{words.images.newDigest}</Badge>
    </>
  );
}

/** Its own subscription to the clock: until when a registry answers nobody is said by it. */
function Unclear({ state }: { state: ImageState }) {
  const now = useNow();
  const { word, ...shape } = saidOf(state, false);
  const told = [remoteWords(state) ?? whyOf(state, now), beforeOf(state)].filter((part) => part !== null).join(' · ');
  return (
    <>
      <Status {...shape}>{word}</Status>
      {told !== '' && <span className="el t3" title={told}>{told}</span>}
    </>
  );
}
