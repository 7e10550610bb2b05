// The words of container engines, of their containers, and of the images that these run.
import type { ContainerState } from '../bindings/ContainerState';
import type { Health } from '../bindings/Health';
import type { ImageCounts } from '../bindings/ImageCounts';
import type { ImageState } from '../bindings/ImageState';
import { count, plural } from './format';

const images = (n: number) => plural(n, 'image', 'images');
/** For the middle of a sentence. */
const lower = (words: string): string => words.charAt(0).toLowerCase() + words.slice(1);

const states: Record<ImageState['kind'], string> = {
  unasked: 'Not checked yet', current: 'Up to date', update: 'New digest', pinned: 'Pinned by digest', local: 'Local', gone: 'Gone', noAccess: 'No access', rateLimited: 'Rate limited', unknown: 'Unknown',
};
const containers: Record<ContainerState, string> = {
  created: 'Created', running: 'Running', paused: 'Paused', restarting: 'Restarting', exited: 'Exited', dead: 'Dead', unknown: 'Unknown',
};
const health: Record<Exclude<Health, 'none'>, string> = { starting: 'Starting', healthy: 'Healthy', unhealthy: 'Unhealthy' };

export const imageWords = {
  tab: 'Images', states, containers, health, healthTitle: 'Its own health check', lower,
  was: (word: string) => `Was ${lower(word)}`,
  /** `Docker`, and with its version `Docker 28.0.1`. */
  engine: (podman: boolean) => (podman ? 'Podman' : 'Docker'), versioned: (name: string, version: string) => `${name} ${version}`,
  source: (engine: string, names: readonly string[]) => [engine, names.join(', ')].filter(Boolean).join(' · '),
  silent: 'Container engine', noAnswer: 'No answer', noAnswerAt: (socket: string) => `The container engine at ${socket} does not answer.`,
  noContainers: 'It has no containers.', stopped: 'It does not run. This is what was found last.', agentSilent: 'Its agent does not answer. This is what was found last.', last: 'This is what was found last.',
  /** Beside a digest in the tree. */
  newDigest: 'new digest',
  moved: 'Its tag names another image by now', gone: 'The registry does not have it any more', noAccess: 'The registry wants credentials, or refused those it was given',
  limited: (until: string | null) => (until === null ? 'The registry answers nobody for a while' : `The registry answers nobody until ${until}`),
  before: (what: string) => `before: ${what}`, digest: (what: string, short: string) => `${what} ${short}`,
  checked: (ago: string) => `Checked ${ago}`, answered: (ago: string) => `Last answer ${ago}`,
  newer: {
    head: 'Newer tags: ', jumps: { patch: '(patch)', minor: '(minor)', major: '(major)' }, listed: (ago: string) => `Listed ${ago}`, none: (ago: string) => `No newer tag when the registry listed them ${ago}`,
    where: 'Tags are changed where the container is defined: compose file or run command.', notes: 'Release notes', notesOf: (image: string) => `Release notes of ${image}`,
  },
  compose: (project: string, service: string, through: string | null) => `compose project ${project}${through === null ? (service === '' ? '' : ` / ${service}`) : `, kept by ${through}`}`,
  swarm: (service: string) => `Swarm service ${service}`, network: (of: string) => `uses the network of ${of}`,
  /** Beside the figure of those with a new digest: `1 of 2`. What follows is only heard. */
  of: (total: number) => `of ${count(total)}`, heard: (past: boolean) => (past ? 'had a new digest' : 'have a new digest'),
  /** Heard after a figure that stands under the head of the column. */
  updates: (n: number) => (n === 1 ? 'update' : 'updates'), unclear: 'unclear',
  nothing: 'No images in use', pastTitle: (said: string) => `Known from an earlier time only: ${lower(said)}`,
  title: ({ total, updates, unclear }: ImageCounts): string =>
    [
      updates > 0 ? `${count(updates)} of ${images(total)} ${updates === 1 ? 'has' : 'have'} a new digest` : null,
      unclear > 0 ? `${count(unclear)} unclear: not checked yet, or nobody could say` : null,
      updates === 0 && unclear === 0 ? (total === 0 ? imageWords.nothing : `${images(total)}: up to date, pinned or local`) : null,
    ].filter((part) => part !== null).join(' · '),
} as const;
