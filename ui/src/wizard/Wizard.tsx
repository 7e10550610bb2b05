// Adding a cluster, step by step. Each page asks one question.
import { go } from '../app/place';
import { words } from '../words/en';
import { AccessStep } from './AccessStep';
import { AddressStep } from './AddressStep';
import { CertificateStep } from './CertificateStep';
import { DiscoverStep } from './DiscoverStep';
import { PermissionsStep } from './PermissionsStep';
import { StepList } from './StepList';
import { freshWizard, useWizard } from './state';
import { TokenStep } from './TokenStep';

const text = words.wizard;

export function Wizard() {
  const only = useWizard((wizard) => wizard.only);
  return (
    <main className="main alone" data-region="main" data-testid="wizard">
      <div className="tool">
        <h1>{only === null ? text.title : text.accessTitle}</h1>
        <span className="small t3 el">{text.safe}</span>
        <span className="fill" />
        <button type="button" className="button ghost compact" onClick={() => go({ view: 'fleet' })} data-testid="wizard-leave">{text.leave}</button>
      </div>
      <div className="wizard">
        <StepList />
        <Page />
      </div>
    </main>
  );
}

function Page() {
  const step = useWizard((wizard) => wizard.step);
  switch (step) {
    case 'address':
      return <AddressStep />;
    case 'certificate':
      return <CertificateStep />;
    case 'token':
      return <TokenStep />;
    case 'permissions':
      return <PermissionsStep />;
    case 'access':
      return <AccessStep />;
    case 'discover':
      return <DiscoverStep />;
  }
}

/** Back to the tree; the next time begins afresh. */
export function finish(): void {
  useWizard.setState(freshWizard());
  go({ view: 'fleet' });
}
