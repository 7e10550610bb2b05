// The frame of a dialog of the settings.
import { Dialog } from '@base-ui/react/dialog';
import type { ReactNode } from 'react';

export function SettingsDialog({ onClose, testId, children }: { onClose: () => void; testId: string; children: ReactNode }) {
  return (
    <Dialog.Root open onOpenChange={(open) => !open && onClose()}>
      <Dialog.Portal>
        <Dialog.Backdrop className="scrim" />
        <div className="dialog-place">
          <Dialog.Popup className="dialog" data-testid={testId} initialFocus={false}>{children}</Dialog.Popup>
        </div>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
