// The words of renewing container images: the action, its plan, and what its receipt says.
import { count, list, plural } from './format';

const images = (n: number) => plural(n, 'image', 'images');
const containers = (n: number) => plural(n, 'container', 'containers');
/** More names than these are a number. */
const NAMED = 3;

export const renewal = {
  kind: 'Update images', done: 'Images updated', title: (lxcs: string) => `Update images of ${lxcs}`,
  action: 'Update images…', this: 'Update this image…', can: 'have images to update', plan: 'Plan image update…',
  one: 'Update…', oneOf: (image: string) => `Update ${image}…`, all: 'Update all images…', allTitle: 'Makes a plan over the whole fleet',
  why: { none: 'No image update is known', past: 'Its images are known from an earlier time only. Scan first', older: 'Its agent is older than this RedFlag. Upgrade it first' },
  images, containers, looking: 'Looking at what agents and registries said last. Nothing is changed.',
  fail: 'A new container that is not well gives way to the old one, which comes back by itself.',
  head: (n: number) => `Images, ${count(n)}`, digest: 'New digest', kept: (n: number) => `Stay as they are, ${count(n)}`,
  follows: 'made again because it uses the network of one of these', staysStopped: 'stays stopped', keeps: (names: readonly string[]) => names.join(', '),
  back: 'The old container comes back if the new one is not well.', backImage: 'The old image stays on the LXC for a week.',
  space: (size: string) => `About ${size}`, spaceHint: 'As much as the present images take on the disk', again: 'Made again', againHint: 'With the same settings. Volumes stay.',
  steps: [
    'Check that the images and containers are those of this plan, and that there is room',
    'Fetch each image by its digest, before its containers are touched',
    'Set its containers aside and make them again with the same settings; compose projects are brought up by compose itself',
    'Wait until each new container is well: by its own health check, or by ten seconds of running',
    'Bring the old container back by itself where the new one is not well',
  ],
  volumes: 'Volumes stay as they are. What a newer version converts in them when it starts is not turned back: take a backup first if you may need to go back.',
  /** What the tick takes as well; without names where it takes nothing now. */
  beside: (names: readonly string[]): string => `Also update ${names.length === 0 ? 'other images' : list(names.length > NAMED ? [...names.slice(0, NAMED), `${count(names.length - NAMED)} more`] : names)} of the same compose projects`,
  /** One line for a receipt. */
  summary: (done: number, of: number): string => (done === of ? `${images(of)} updated` : done > 0 ? `${count(done)} of ${images(of)} updated` : of === 1 ? 'Image not updated' : `None of ${images(of)} updated`),
  /** Over the images of a receipt. */
  renewed: 'Images', notFetched: 'no new image',
  runs: { new: 'Runs from the new image', old: 'Runs from the old image', other: 'Runs from another image' },
  rests: { new: 'Not running, new image', old: 'Not running, old image', other: 'Not running, another image' }, unknown: 'Unknown',
  /** Of one that keeps its image and uses the network of another. Where the image was not renewed, nobody says whether it was made again. */
  followed: { again: (of: string | null) => `Made again with ${of ?? 'another'}’s network`, restsAgain: 'Not running, made again', runs: (of: string | null) => `Runs with ${of ?? 'another'}’s network`, rests: 'Not running' },
  keptUntil: (until: string, over: boolean) => `The old image ${over ? 'was' : 'is'} kept until ${until}`,
} as const;
