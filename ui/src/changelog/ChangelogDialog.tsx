// What the publisher says of a new version. The LXC fetches it, which takes seconds and may fail.
import { Dialog } from '@base-ui/react/dialog';
import { X } from 'lucide-react';
import { rpc } from '../host';
import { useAsked } from '../live/asked';
import { ErrorNote } from '../parts/Note';
import { Status } from '../parts/Status';
import { words } from '../words/en';
import { closeChangelog, useChangelog, type Wanted } from './state';

const text = words.changelog;

export function ChangelogDialog() {
  const of = useChangelog((changelog) => changelog.of);
  if (of === null) return null;
  return (
    <Dialog.Root open onOpenChange={(open) => !open && closeChangelog()}>
      <Dialog.Portal>
        <Dialog.Backdrop className="scrim" />
        <div className="dialog-place">
          <Dialog.Popup className="dialog" data-testid="changelog">
            <Changelog key={`${of.guest} ${of.package}`} of={of} />
          </Dialog.Popup>
        </div>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

function Changelog({ of }: { of: Wanted }) {
  const { answer, problem, loading, again } = useAsked('', () => rpc('read_changelog', { guest: of.guest, package: of.package }));
  return (
    <div className="dialog-form changelog">
      <div className="dialog-head">
        <div className="fill">
          <Dialog.Title>{text.title(of.package)}</Dialog.Title>
          <Dialog.Description className="small t2 mt-1">{text.lead(of.name)}</Dialog.Description>
        </div>
        <Dialog.Close className="button ghost square" aria-label={words.close}><X className="icon" aria-hidden /></Dialog.Close>
      </div>
      <div className="changelog-body">
        {loading ? (
          <p className="p-5 small" role="status"><Status tone="busy" glyph="busy">{text.reading}</Status></p>
        ) : problem !== null ? (
          <div className="p-5"><ErrorNote error={problem} testId="changelog-failed" action={<button type="button" className="button compact" onClick={again}>{words.tryAgain}</button>} /></div>
        ) : answer === null || answer.text.trim() === '' ? (
          <p className="p-5 small t2">{text.empty}</p>
        ) : (
          <pre className="changelog-text scrolls" tabIndex={0} aria-label={text.title(of.package)} data-testid="changelog-text">{answer.text}</pre>
        )}
      </div>
      <div className="dialog-foot">
        <span className="fill" />
        <Dialog.Close className="button ghost">{words.close}</Dialog.Close>
      </div>
    </div>
  );
}
