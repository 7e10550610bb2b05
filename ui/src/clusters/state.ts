// The dialog about a cluster that is open, and what is done to clusters without one.
import { create } from 'zustand';
import { fail, tell } from '../app/notices';
import { CommandError, rpc } from '../host';
import { usePanel } from '../panel/state';
import { words } from '../words/en';

export type ClusterTask = 'test' | 'edit' | 'rotate' | 'compare' | 'remove';

interface Store {
  current: { task: ClusterTask; cluster: string } | null;
  /** Counts up when something was changed here, so that what is shown of it is read again. */
  changes: number;
}

export const useClusterDialog = create<Store>(() => ({ current: null, changes: 0 }));

export function openDialog(task: ClusterTask, cluster: string): void {
  useClusterDialog.setState({ current: { task, cluster } });
}

export function closeDialog(): void {
  useClusterDialog.setState({ current: null });
}

export function changed(): void {
  useClusterDialog.setState(({ changes }) => ({ changes: changes + 1 }));
}

/** Failures that become the state of the cluster. */
const IN_PANEL: ReadonlySet<string> = new Set(['unreachable', 'refused', 'identityChanged']);

/** Reads the whole cluster now; how it ended is said in a notice. */
export async function discoverNow(cluster: string, name: string): Promise<void> {
  tell(words.cluster.actions.discovering(name));
  try {
    const { sentence } = await rpc('discover', { cluster });
    tell(`${name}: ${sentence}.`);
  } catch (thrown) {
    // The panel says it too, with what can be done about it.
    const seen = usePanel.getState().open && IN_PANEL.has(CommandError.from(thrown).code);
    if (!seen) fail(thrown);
  }
  changed();
}

export async function switchCluster(cluster: string, name: string, enabled: boolean): Promise<void> {
  const say = words.cluster.actions;
  try {
    await rpc('set_enabled', { cluster, enabled });
    tell(enabled ? say.switchedOn(name) : say.switchedOff(name));
  } catch (thrown) {
    fail(thrown);
  }
  changed();
}
