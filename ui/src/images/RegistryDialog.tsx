// The dialog about registries, whichever is open.
import { Dialog } from '@base-ui/react/dialog';
import type { RegistryRow } from '../bindings/RegistryRow';
import { FoundDialog } from './FoundDialog';
import { LoginDialog } from './LoginDialog';
import type { RegistryTask } from './registries';
import { SettingDialog } from './SettingDialog';

interface Props {
  task: RegistryTask;
  registries: readonly RegistryRow[];
  onClose: () => void;
}

export function RegistryDialog(props: Props) {
  return (
    <Dialog.Root open onOpenChange={(open) => !open && props.onClose()}>
      <Dialog.Portal>
        <Dialog.Backdrop className="scrim" />
        <div className="dialog-place">
          <Dialog.Popup className="dialog" data-testid={`registry-dialog-${props.task.kind}`} initialFocus={false}>
            <Content {...props} />
          </Dialog.Popup>
        </div>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

function Content({ task, registries, onClose }: Props) {
  switch (task.kind) {
    case 'add':
      return <SettingDialog row={null} registries={registries} onClose={onClose} />;
    case 'change':
      return <SettingDialog row={task.row} registries={registries} onClose={onClose} />;
    case 'login':
      return <LoginDialog row={task.row} onClose={onClose} />;
    case 'find':
      return <FoundDialog registries={registries} onClose={onClose} />;
  }
}
