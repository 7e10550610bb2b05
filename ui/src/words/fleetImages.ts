// The words of the view with all container images of the fleet.
import { count, plural } from './format';

const images = (n: number) => plural(n, 'image', 'images');
const lxcs = (n: number) => plural(n, 'LXC', 'LXCs');
const unclear = (n: number) => `${count(n)} ${n === 1 ? 'is' : 'are'} unclear`;

export const fleetImages = {
  title: 'Images', part: 'What is shown', parts: { images: 'All images', registries: 'Registries' }, show: 'Show', only: { all: 'All', updates: 'Updates', unclear: 'Unclear' },
  search: 'Search image, registry, LXC or container', searchLabel: 'Search the images', clearSearch: 'Clear the search', again: 'Read again', reading: 'Reading the images of the fleet.',
  check: { now: 'Check now', busy: 'Asking the registries…', running: 'The registries are being asked already', action: 'Check images now', note: 'Asks all registries, for the whole fleet', done: 'The registries have been asked.', nothing: 'No image is known that could be asked about' },
  rhythm: {
    label: 'Ask registries', every: (hours: number) => (hours === 0 ? 'only on demand' : hours === 24 ? 'once a day' : hours === 1 ? 'every hour' : `every ${count(hours)} hours`), title: 'How often registries are asked by themselves, for the whole fleet',
    onDemand: 'Registries are asked only when you say so.', set: (hours: number) => (hours === 0 ? fleetImages.rhythm.onDemand : `Registries are asked ${fleetImages.rhythm.every(hours)}.`),
  },
  columns: { image: 'Image', state: 'State', where: 'Where', registry: 'Registry', checked: 'Checked' },
  sums: (n: number, on: number, updates: number, open: number) => [`${images(n)} in ${lxcs(on)}`, updates > 0 ? `${count(updates)} with an update` : null, open > 0 ? `${count(open)} unclear` : null].filter((part) => part !== null).join(' · '),
  /** Over the uses of an image. */
  uses: { update: (n: number) => `${count(n)} with an update`, unclear: (n: number) => `${count(n)} unclear`, current: (n: number) => `${count(n)} up to date`, quiet: (n: number) => `${count(n)} pinned or local`, old: (n: number) => `${count(n)} from an earlier time` },
  spread: (on: number, containers: number) => `${lxcs(on)} · ${plural(containers, 'container', 'containers')}`, containers: (names: readonly string[]) => names.join(', '), noContainers: 'No container is named', at: (node: string, cluster: string) => `${node} · ${cluster}`,
  open: (image: string) => `LXCs with ${image}`, noRegistry: 'No registry', old: 'From an earlier time',
  none: 'No images are known', noneText: 'Images appear here once an agent has found Docker or Podman. Install agents in the LXCs that run containers, then scan them. Nobody can look into an LXC that has no agent or does not run.',
  noFleet: 'No clusters yet', noFleetText: 'Add your first Proxmox cluster under Fleet. Images appear here once agents have found Docker or Podman in its LXCs.',
  noMatch: (text: string) => `Nothing matches “${text}”.`, noneUnclear: 'No image is unclear: of each one it is known how it stands.',
  /** That no update is known is good news only where nothing is unclear. */
  noneUpdates: (open: number) => (open === 0 ? 'No image has an update.' : `No image is known to have an update. ${unclear(open)}.`),
} as const;
