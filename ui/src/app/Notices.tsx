// Shows the notices. A failure is spoken at once, the rest when there is time.
import { X } from 'lucide-react';
import { Glyph } from '../parts/Glyph';
import { TroubleText } from '../parts/Note';
import { words } from '../words/en';
import { usePanel } from '../panel/state';
import { useTreeView } from '../tree/view';
import { dismiss, useNotices } from './notices';
import { usePlace } from './place';

export function Notices() {
  const notices = useNotices((all) => all.notices);
  const view = usePlace((app) => app.place.view);
  const open = usePanel((panel) => panel.open);
  const several = useTreeView((tree) => tree.ticked.size > 0);
  // The foot of the panel has the next step: nothing may lie over it.
  const beside = view === 'fleet' && (open || several);
  return (
    <div className={beside ? 'notices beside' : 'notices'} role="region" aria-label="Notices">
      {notices.map((notice) => (
        <div key={notice.id} className={`notice ${notice.tone}`} role={notice.tone === 'error' ? 'alert' : 'status'} data-testid={`notice-${notice.tone}`}>
          <Glyph name={notice.tone === 'error' ? 'err' : 'ok'} />
          <div><TroubleText error={notice} /></div>
          <button type="button" className="button ghost square compact" aria-label={words.close} onClick={() => dismiss(notice.id)}>
            <X className="icon small" aria-hidden />
          </button>
        </div>
      ))}
    </div>
  );
}
