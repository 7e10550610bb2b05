// Ways into the wizard.
import { go } from '../app/place';
import { freshWizard, useWizard } from './state';

/** Adds a cluster; what was entered before and not finished is still there. */
export function openWizard(): void {
  const { only, discovery } = useWizard.getState();
  if (only !== null || discovery !== null) useWizard.setState(freshWizard());
  go({ view: 'wizard' });
}

/** Only the step that sets up the way into a cluster's nodes, or into one of them. */
export function openAccess(cluster: string, node: string | null = null): void {
  useWizard.setState({ ...freshWizard(), step: 'access', only: 'access', cluster, node });
  go({ view: 'wizard' });
}
