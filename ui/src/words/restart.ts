// The words of restarting LXCs as such: the action, its plan, and what is lost by it.
import { count } from './format';

export const restart = {
  kind: 'Restart LXC', done: 'Restarted', title: (lxcs: string) => `Restart ${lxcs}`,
  action: (many: boolean) => (many ? 'Restart LXCs…' : 'Restart LXC…'), can: 'can be restarted', looking: 'Looking which LXCs run. Nothing is changed.',
  /** Of one LXC in the order of a plan. */
  row: 'Stops and starts again', fail: 'An LXC that does not come up again is named, with what Proxmox says.',
  downtime: 'Downtime', until: 'From its shutdown until its services run again', hard: (seconds: number) => `The shutdown may take ${count(seconds)} s`,
  list: (seconds: number) => ['Check that it runs and is not locked', `Shut it down by its own init, within ${count(seconds)} s`, 'Stop it hard if it has not ended by then', 'Start it, and wait until Proxmox says that it runs'],
  after: 'After the restart', afterList: ['Services that are enabled start by themselves', 'Containers with a restart policy come back'],
  lostList: ['Programs inside are ended, with what they have not saved', 'Containers without a restart policy stay stopped'],
} as const;
