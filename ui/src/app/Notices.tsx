// Shows the notices. A failure is spoken at once, the rest when there is time.
import { X } from 'lucide-react';
import type { SyntheticEvent } from 'react';
import { Glyph } from '../parts/Glyph';
import { TroubleText } from '../parts/Note';
import { words } from '../words/en';
import { usePanel } from '../panel/state';
import { useTreeView } from '../tree/view';
import { dismiss, hold, type Notice, release, useNotices } from './notices';
import { usePlace } from './place';

export function Notices() {
  const notices = useNotices((all) => all.notices);
  const view = usePlace((app) => app.place.view);
  const open = usePanel((panel) => panel.open);
  const several = useTreeView((tree) => tree.ticked.size > 0);
  // The foot of the panel has the next step: nothing may lie over it.
  const beside = view === 'fleet' && (open || several);
  return (
    <div className={beside ? 'notices beside' : 'notices'} role="region" aria-label={words.notices.label} data-region={notices.length > 0 ? 'notices' : undefined}>
      {notices.map((notice) => <One key={notice.id} notice={notice} />)}
    </div>
  );
}

function One({ notice }: { notice: Notice }) {
  const { id, tone, action } = notice;
  const stay = () => hold(id);
  const go = (event: SyntheticEvent<HTMLElement>) => {
    const { currentTarget: box } = event;
    if (!(event.type === 'blur' ? box.matches(':hover') : box.contains(document.activeElement))) release(notice);
  };
  return (
    <div className={`notice ${tone}`} role={tone === 'error' ? 'alert' : 'status'} onPointerEnter={stay} onPointerLeave={go} onFocus={stay} onBlur={go} data-testid={`notice-${tone}`}>
      <Glyph name={tone === 'error' ? 'err' : 'ok'} />
      <div><TroubleText error={notice} /></div>
      {action !== null && (
        <button
          type="button"
          className="button compact"
          onClick={() => {
            dismiss(id);
            action.run();
          }}
          data-testid="notice-action"
        >
          {action.label}
        </button>
      )}
      <button type="button" className="button ghost square compact" aria-label={words.close} onClick={() => dismiss(id)}>
        <X className="icon small" aria-hidden />
      </button>
    </div>
  );
}
