// Right in the plan: the images of a guest that are renewed, with the containers that are made again for it.
import type { ImagePlan } from '../bindings/ImagePlan';
import type { KeptImage } from '../bindings/KeptImage';
import type { PlannedContainer } from '../bindings/PlannedContainer';
import type { PlannedImage } from '../bindings/PlannedImage';
import { ownerInWords, placeOf } from '../panel/ContainerLine';
import { familiar, shortDigest } from '../panel/images';
import { Status } from '../parts/Status';
import { words } from '../words/en';
import { bytes } from '../words/format';
import { StepCard } from './StepCard';

const text = words.renewal;

/** Each once: one that follows two images is made again once for both. */
export function containersOf({ images }: ImagePlan): PlannedContainer[] {
  const found = new Map<string, PlannedContainer>();
  for (const { socket, containers } of images) for (const container of containers) found.set(`${socket}/${container.id}`, container);
  return [...found.values()];
}

export function ImageWork({ plan }: { plan: ImagePlan }) {
  return (
    <>
      <div className="card">
        <div className="line-row planned-image head"><span>{text.head(plan.images.length)}</span><span>{text.digest}</span><span className="num">{words.plan.size}</span></div>
        {plan.images.map((image) => <Image key={`${image.socket}/${image.image}/${image.from}`} image={image} />)}
        {plan.kept.length > 0 && <div className="line-row head"><span>{text.kept(plan.kept.length)}</span></div>}
        {plan.kept.map((kept) => <Kept key={`${kept.image}/${kept.containers.join(' ')}`} kept={kept} />)}
      </div>
      <Facts plan={plan} />
      <StepCard steps={text.steps} />
      <p className="small t3">{text.volumes}</p>
    </>
  );
}

function Image({ image }: { image: PlannedImage }) {
  return (
    <div className="planned" data-testid={`plan-image-${image.image}`}>
      <div className="line-row planned-image">
        <span className="lead el" title={image.image}>{familiar(image.image)}</span>
        <span className="mono t1" title={image.to}>{shortDigest(image.to)}</span>
        <span className="num">{bytes(image.size)}</span>
      </div>
      {image.containers.map((container) => <Line key={container.id} container={container} />)}
    </div>
  );
}

function Line({ container }: { container: PlannedContainer }) {
  const about = [ownerInWords(container.owner), container.follows ? text.follows : null].filter((part) => part !== null).join(' · ');
  return (
    <div className="line-row planned-container" data-testid={`plan-container-${container.name}`}>
      <span className="t1 el" title={container.name}>{container.name}</span>
      <span className="t3 el" title={placeOf(container.owner) ?? about}>{about}</span>
      {!container.running && <Status tone="mute" glyph="stop">{text.staysStopped}</Status>}
    </div>
  );
}

function Kept({ kept }: { kept: KeptImage }) {
  return (
    <div className="line-row planned-kept" data-testid={`plan-kept-${kept.image}`}>
      <span className="lead el" title={kept.image}>{familiar(kept.image)}</span>
      <span className="t3 el" title={text.keeps(kept.containers)}>{text.keeps(kept.containers)}</span>
      <span className="verdict"><Status tone="caution" glyph="held">{kept.why}</Status></span>
    </div>
  );
}

function Facts({ plan }: { plan: ImagePlan }) {
  return (
    <div className="facts">
      <div data-testid="plan-way-back">
        <h3>{words.plan.wayBack}</h3>
        <b>{text.back}</b>
        <div className="t3 mt-1">{text.backImage}</div>
      </div>
      <div>
        <h3>{words.plan.space}</h3>
        <b>{text.space(bytes(plan.images.reduce((sum, image) => sum + image.size, 0)))}</b>
        <div className="t3 mt-1">{text.spaceHint}</div>
      </div>
      <div>
        <h3>{text.again}</h3>
        <b>{text.containers(containersOf(plan).length)}</b>
        <div className="t3 mt-1">{text.againHint}</div>
      </div>
    </div>
  );
}
