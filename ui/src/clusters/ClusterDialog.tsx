// The dialog about one cluster, whichever is open.
import { Dialog } from '@base-ui/react/dialog';
import type { ClusterRow } from '../bindings/ClusterRow';
import { clusterKey } from '../live/fleet';
import { useLive } from '../live/store';
import { CompareDialog } from './CompareDialog';
import { EditDialog } from './EditDialog';
import { RemoveDialog } from './RemoveDialog';
import { RotateDialog } from './RotateDialog';
import { closeDialog, type ClusterTask, useClusterDialog } from './state';
import { TestDialog } from './TestDialog';

export function ClusterDialog() {
  const current = useClusterDialog((dialogs) => dialogs.current);
  const row = useLive((live) => (current === null ? undefined : live.fleet.clusters.get(clusterKey(current.cluster))));
  // A cluster that is gone has nothing to ask about.
  if (current === null || row === undefined) return null;
  return (
    <Dialog.Root open onOpenChange={(open) => !open && closeDialog()}>
      <Dialog.Portal>
        <Dialog.Backdrop className="scrim" />
        <div className="dialog-place">
          <Dialog.Popup className="dialog" data-testid={`cluster-${current.task}`} initialFocus={false}>
            <Content key={`${current.task} ${current.cluster}`} task={current.task} row={row} />
          </Dialog.Popup>
        </div>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

function Content({ task, row }: { task: ClusterTask; row: ClusterRow }) {
  switch (task) {
    case 'test':
      return <TestDialog row={row} />;
    case 'edit':
      return <EditDialog row={row} />;
    case 'rotate':
      return <RotateDialog row={row} />;
    case 'compare':
      return <CompareDialog row={row} />;
    case 'remove':
      return <RemoveDialog row={row} />;
  }
}
