// What has been entered and answered in the wizard so far. Never a secret: those go to Rust at once and leave a reference.
import { create } from 'zustand';
import type { Discovery } from '../bindings/Discovery';
import type { HostKey } from '../bindings/HostKey';
import type { ProbedCluster } from '../bindings/ProbedCluster';
import type { ProbedNode } from '../bindings/ProbedNode';
import type { SavedAccess } from '../bindings/SavedAccess';
import type { SecretRef } from '../bindings/SecretRef';
import type { TokenCheck } from '../bindings/TokenCheck';
import type { CommandError } from '../host';

export const STEPS = ['address', 'certificate', 'token', 'permissions', 'access', 'discover'] as const;
export type StepName = (typeof STEPS)[number];

/** How far the access to one node is. */
export interface NodeSetup {
  node: string;
  host: string;
  port: string;
  user: string;
  probed: ProbedNode | null;
  accepted: HostKey | null;
  saved: SavedAccess | null;
  skipped: boolean;
  problem: CommandError | null;
}

export interface Wizard {
  step: StepName;
  /** Set when the wizard was opened for one step alone. */
  only: StepName | null;
  address: string;
  probed: ProbedCluster | null;
  pasted: string;
  /** The fingerprint that the user ticked as the same. */
  matches: boolean;
  tokenId: string;
  secret: SecretRef | null;
  check: TokenCheck | null;
  cluster: string | null;
  publicKey: string | null;
  nodes: NodeSetup[];
  discovery: Discovery | null;
  /** Guests that the user left out of the agent installation. */
  leftOut: ReadonlySet<string>;
}

export function freshWizard(): Wizard {
  return {
    step: 'address', only: null, address: '', probed: null, pasted: '', matches: false, tokenId: 'redflag@pve!desktop', secret: null,
    check: null, cluster: null, publicKey: null, nodes: [], discovery: null, leftOut: new Set(),
  };
}

export const useWizard = create<Wizard>(freshWizard);

export const change = (part: Partial<Wizard>): void => useWizard.setState(part);

export function changeNode(node: string, part: Partial<NodeSetup>): void {
  useWizard.setState(({ nodes }) => ({ nodes: nodes.map((one) => (one.node === node ? { ...one, ...part } : one)) }));
}

/** Another address is another cluster: nothing that was learned from the old one may stay. */
export function enterAddress(address: string): void {
  useWizard.setState({ address, probed: null, pasted: '', matches: false, check: null, cluster: null, publicKey: null, nodes: [], discovery: null, leftOut: new Set() });
}

export function back(): void {
  const { step } = useWizard.getState();
  const before = STEPS[STEPS.indexOf(step) - 1];
  if (before !== undefined) useWizard.setState({ step: before });
}

/** Compares what was pasted: any case, with or without colons, with other words around it. Null while nothing is there. */
export function sameFingerprint(pasted: string, sent: string): boolean | null {
  if (pasted.trim() === '') return null;
  const pairs = /(?:[0-9a-f]{2}[:\s]*){32}/i.exec(pasted)?.[0] ?? '';
  const digits = (text: string) => text.replace(/[^0-9a-f]/gi, '').toUpperCase();
  return digits(pairs) === digits(sent);
}
