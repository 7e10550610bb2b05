// The images of a receipt: from which content to which, what their containers run from now, and what went wrong.
import type { RenewedImage } from '../bindings/RenewedImage';
import { useNow } from '../live/clock';
import { Status, Version } from '../parts/Status';
import { words } from '../words/en';
import { exact, when } from '../words/format';
import { familiar, shortDigest } from './images';
import { standingOf } from './renewed';

const text = words.renewal;

export function RenewedImages({ images }: { images: readonly RenewedImage[] }) {
  return (
    <div>
      <h3>{text.renewed}</h3>
      {images.map((image) => <Renewed key={`${image.socket}/${image.image}/${image.from}`} image={image} />)}
    </div>
  );
}

function Renewed({ image }: { image: RenewedImage }) {
  return (
    <div className="change" data-testid={`renewed-${image.image}`}>
      <span className="small t1 el" title={image.image}>{familiar(image.image)}</span>
      <span className="hs" title={[image.from, image.to].filter(Boolean).join(' → ')}>
        <Version from={shortDigest(image.from)} to={image.to === null ? null : shortDigest(image.to)} />
        {image.to === null && <span className="small t3">{text.notFetched}</span>}
      </span>
      {image.containers.map((container) => {
        const { word, ...shape } = standingOf(container, image);
        return (
          <span key={container.name} className="hs small pl-3" data-testid={`renewed-container-${container.name}`}>
            <span className="el t2" title={container.name}>{container.name}</span>
            <span className="fill" />
            <Status {...shape} title={word}>{word}</Status>
          </span>
        );
      })}
      {image.keptUntil !== null && <KeptUntil at={image.keptUntil} />}
      {image.problem !== null && <p className="mono small t2 break-words pl-3">{image.problem}</p>}
    </div>
  );
}

function KeptUntil({ at }: { at: number }) {
  const now = useNow();
  return <span className="small t3 pl-3" title={exact(at)}>{text.keptUntil(when(at, now), at < now)}</span>;
}
