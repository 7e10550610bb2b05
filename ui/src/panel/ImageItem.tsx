// One image in the panel: how it stands beside its registry, since when that is known, and the containers that run it.
import type { Checked } from '../bindings/Checked';
import type { Container } from '../bindings/Container';
import type { ImageInUse } from '../bindings/ImageInUse';
import { RenewButton } from '../images/RenewButton';
import { useNow } from '../live/clock';
import { Status, Version } from '../parts/Status';
import { exact } from '../words/format';
import { ContainerLine } from './ContainerLine';
import { beforeOf, familiar, remoteWords, saidOf, shortDigest, sinceOf, whyOf } from './images';
import { News } from './NewerTags';

interface Props {
  guest: string;
  image: ImageInUse;
  /** That is in use, where it is known. */
  digest: string | null;
  /** All of its engine. */
  containers: readonly Container[];
  past: boolean;
}

export function ImageItem({ guest, image, digest, containers, past }: Props) {
  const { state } = image.checked;
  const { word, ...shape } = saidOf(state, past);
  return (
    <div className="item image" data-testid={`image-${image.image}`} data-state={state.kind}>
      <div className="el mono t1" title={image.image}>{familiar(image.image)}</div>
      <span className="hs small">
        <Status {...shape}>{word}</Status>
        {state.kind === 'update' && !past && <RenewButton image={image.image} guests={[guest]} />}
      </span>
      {state.kind === 'update' && <div className="why" title={state.digest}><Version from={digest === null ? null : shortDigest(digest)} to={shortDigest(state.digest)} /></div>}
      <Why checked={image.checked} />
      <News image={image} />
      {image.containers.map((name) => (
        <ContainerLine key={name} name={name} container={containers.find((one) => one.name === name)} containers={containers} past={past} />
      ))}
    </div>
  );
}

function Why({ checked }: { checked: Checked }) {
  const { state, at } = checked;
  const now = useNow();
  const remote = remoteWords(state);
  const lines = [whyOf(state, now), beforeOf(state)].filter((line) => line !== null);
  const since = sinceOf(checked, now);
  return (
    <>
      {lines.map((line) => <div key={line} className="why breaks">{line}</div>)}
      {remote !== null && remote !== '' && <div className="why mono breaks">{remote}</div>}
      {at !== null && since !== null && <div className="why" title={exact(at)}>{since}</div>}
    </>
  );
}
