// One image in the panel: how it stands beside its registry, since when that is known, and the containers that run it.
import type { Container } from '../bindings/Container';
import type { ImageInUse } from '../bindings/ImageInUse';
import type { ImageState } from '../bindings/ImageState';
import { useNow } from '../live/clock';
import { Status } from '../parts/Status';
import { words } from '../words/en';
import { age, exact } from '../words/format';
import { ContainerLine } from './ContainerLine';
import { beforeOf, familiar, isAnswered, remoteWords, saidOf, shortDigest, whyOf } from './images';

const text = words.images;

interface Props {
  image: ImageInUse;
  /** All of its engine. */
  containers: readonly Container[];
  past: boolean;
}

export function ImageItem({ image, containers, past }: Props) {
  const { state, at } = image.checked;
  const { word, ...shape } = saidOf(state, past);
  return (
    <div className="item image" data-testid={`image-${image.image}`} data-state={state.kind}>
      <div className="el mono t1" title={image.image}>{familiar(image.image)}</div>
      <span className="small"><Status {...shape}>{word}</Status></span>
      {state.kind === 'update' && <div className="why mono t2" title={state.digest}>{shortDigest(state.digest)}</div>}
      <Why state={state} at={at} />
      {image.containers.map((name) => (
        <ContainerLine key={name} name={name} container={containers.find((one) => one.name === name)} containers={containers} past={past} />
      ))}
    </div>
  );
}

function Why({ state, at }: { state: ImageState; at: number | null }) {
  const now = useNow();
  const remote = remoteWords(state);
  const lines = [whyOf(state, now), beforeOf(state)].filter((line) => line !== null);
  const since = at === null ? null : words.cluster.since(age(at, now));
  return (
    <>
      {lines.map((line) => <div key={line} className="why breaks">{line}</div>)}
      {remote !== null && remote !== '' && <div className="why mono breaks">{remote}</div>}
      {at !== null && since !== null && <div className="why" title={exact(at)}>{isAnswered(state) ? text.checked(since) : text.answered(since)}</div>}
    </>
  );
}
