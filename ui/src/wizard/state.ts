// What has been entered and answered in the wizard so far. Never a secret: those go to Rust at once and leave a reference.
import { create } from 'zustand';
import type { AccessWay } from '../bindings/AccessWay';
import type { ConfiguredHost } from '../bindings/ConfiguredHost';
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
  /** What opens it, how its LXCs are entered, and through which node. */
  way: AccessWay;
  /** What the user's SSH configuration says of it. */
  configured: ConfiguredHost | null;
  /** The other ways are shown. */
  more: boolean;
  probed: ProbedNode | null;
  accepted: HostKey | null;
  saved: SavedAccess | null;
  /** The address of access that was set up before and worked; null once it is to be set up again. */
  before: string | null;
  skipped: boolean;
  problem: CommandError | null;
}

export type TokenWay = 'own' | 'made';

export interface Wizard {
  step: StepName;
  /** Set when the wizard was opened for one step alone. */
  only: StepName | null;
  /** Set when that step is about one node alone. */
  node: string | null;
  address: string;
  probed: ProbedCluster | null;
  pasted: string;
  /** The fingerprint that the user ticked as the same. */
  matches: boolean;
  tokenId: string;
  secret: SecretRef | null;
  /** Who makes the token: the user with the lines that are shown, or RedFlag with a login that is used once. */
  way: TokenWay;
  /** What RedFlag did to make its token, as commands; null when it made none. */
  made: string[] | null;
  check: TokenCheck | null;
  cluster: string | null;
  /** The line that lets RedFlag's key into a node; null until it was read. */
  authorise: string | null;
  /** Keywords of the user's SSH configuration that are not followed. */
  notFollowed: string[];
  nodes: NodeSetup[];
  discovery: Discovery | null;
  /** Guests that the user left out of the agent installation. */
  leftOut: ReadonlySet<string>;
}

export function freshWizard(): Wizard {
  return {
    step: 'address', only: null, node: null, address: '', probed: null, pasted: '', matches: false, tokenId: 'redflag@pve!desktop', secret: null, way: 'own', made: null,
    check: null, cluster: null, authorise: null, notFollowed: [], nodes: [], discovery: null, leftOut: new Set(),
  };
}

export const useWizard = create<Wizard>(freshWizard);

export const USUAL_WAY: AccessWay = { key: { kind: 'own' }, entry: 'attach', through: null };

export const change = (part: Partial<Wizard>): void => useWizard.setState(part);

export function changeNode(node: string, part: Partial<NodeSetup>): void {
  useWizard.setState(({ nodes }) => ({ nodes: nodes.map((one) => (one.node === node ? { ...one, ...part } : one)) }));
}

/** Another address is another cluster: nothing that was learned from the old one may stay. */
export function enterAddress(address: string): void {
  const { made, tokenId, secret } = useWizard.getState();
  // A token that was made for the old one is worth nothing here; one that was typed in may have been meant for this one.
  const token = made === null ? { tokenId, secret } : { tokenId: freshWizard().tokenId, secret: null };
  useWizard.setState({ ...token, made: null, address, probed: null, pasted: '', matches: false, check: null, cluster: null, authorise: null, nodes: [], discovery: null, leftOut: new Set() });
}

export function back(): void {
  const { step } = useWizard.getState();
  const before = STEPS[STEPS.indexOf(step) - 1];
  if (before !== undefined) useWizard.setState({ step: before });
}
