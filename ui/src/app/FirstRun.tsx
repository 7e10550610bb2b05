// No clusters yet: what to have at hand, and one button.
import { Clock, Globe, KeyRound, type LucideIcon, Plus } from 'lucide-react';
import { openWizard } from '../wizard/open';
import { words } from '../words/en';

const text = words.firstRun;

export function FirstRun() {
  return (
    <div className="empty">
      <svg width="48" height="48" viewBox="0 0 18 18" aria-hidden="true">
        <path d="M3.5 1.5v15" stroke="var(--text-3)" strokeWidth="1.2" strokeLinecap="round" />
        <path d="M4.9 2.25h10.5a.5.5 0 0 1 .41.79L13.4 6.5l2.46 3.46a.5.5 0 0 1-.41.79H4.9V2.25Z" fill="var(--accent-mark)" />
      </svg>
      <h2>{text.title}</h2>
      <p>{text.text}</p>
      <div className="hs mt-4">
        <button type="button" className="button primary" onClick={openWizard} data-testid="add-cluster">
          <Plus className="icon" aria-hidden />
          {words.fleet.addCluster}
        </button>
      </div>
      <div className="three">
        <Need icon={Globe} text={text.address} />
        <Need icon={KeyRound} text={text.token} />
        <Need icon={Clock} text={text.time} />
      </div>
    </div>
  );
}

function Need({ icon: Icon, text: [title, what] }: { icon: LucideIcon; text: readonly [string, string] }) {
  return (
    <div>
      <b><Icon className="icon small" aria-hidden />{title}</b>
      {what}
    </div>
  );
}
