// Going back to a copy of the database: what is lost, and when it happens.
import { tell } from '../app/notices';
import type { Backup } from '../bindings/Backup';
import { CancelButton, Frame } from '../clusters/Frame';
import { rpc } from '../host';
import { useNow } from '../live/clock';
import { ErrorNote } from '../parts/Note';
import { useTask } from '../wizard/useTask';
import { words } from '../words/en';
import { age, bytes, exact } from '../words/format';
import { SettingsDialog } from './Dialog';

const data = words.settingsPages.data;
const text = data.dialog;

export function RestoreDialog({ backup, onClose, onDone }: { backup: Backup; onClose: () => void; onDone: () => void }) {
  const now = useNow();
  const { busy, problem, run } = useTask();
  const restore = () =>
    run(async () => {
      await rpc('restore_backup', { name: backup.name });
      tell(text.done);
      onDone();
      onClose();
    });
  return (
    <SettingsDialog onClose={onClose} testId="restore-dialog">
      <Frame
        title={text.title}
        lead={text.lead(exact(backup.at), bytes(backup.bytes))}
        onSubmit={() => !busy && void restore()}
        hint={text.when}
        foot={
          <>
            <CancelButton />
            <button type="submit" className="button primary" disabled={busy} data-testid="restore-confirm">{busy ? text.saving : text.save}</button>
          </>
        }
      >
        <div data-testid="restore-lost">
          <h3 className="medium">{text.lost}</h3>
          <ul className="points">{text.lostList(data.ago(age(backup.at, now))).map((line) => <li key={line}>{line}</li>)}</ul>
        </div>
        <div>
          <h3 className="medium">{text.stays}</h3>
          <ul className="points">{text.staysList.map((line) => <li key={line}>{line}</li>)}</ul>
        </div>
        {problem !== null && <ErrorNote error={problem} testId="restore-error" />}
      </Frame>
    </SettingsDialog>
  );
}
