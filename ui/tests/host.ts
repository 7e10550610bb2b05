// A host in memory: answers from functions that a test can replace, and events that a test sends by hand.
import type { Body } from '../src/bindings/Body';
import type { Event } from '../src/bindings/Event';
import type { Operation } from '../src/bindings/Operation';
import type { TokenCheck } from '../src/bindings/TokenCheck';
import type { Code } from '../src/bindings/Code';
import { type Answer, type Command, CommandError, type Host, type Request } from '../src/host';
import { USUAL_WAY } from '../src/wizard/state';
import { C1, FLEET, NOW } from './fixtures/fleet';
import { FLEET_IMAGES, FOUND_LOGINS } from './fixtures/registries';
import { DATA_INFO, LOAD, USUAL_PREFERENCES } from './fixtures/preferences';
import { IMAGE_PLAN } from './fixtures/renewal';
import { CHANGE, CLUSTER_TEST, clusterDetails, CREATED, GATEWAY, guestSettings, nodeDetails, PRINT, REMOVAL } from './fixtures/places';
import { APPROVALS, approvedUpdates, CHANGELOG, FLEET_UPDATES, RECEIPT_ROWS, RULES } from './fixtures/updates';
import { PASTES, ROADS } from './fixtures/ways';
import { agentPlan, AUDIT, details, enrolPlan, JOBS, LOG, OPERATIONS, PLAN, PLANNED, RESTART_PLAN } from './fixtures/work';

type Answers = { [C in Command]: (request: Request<C>) => Answer<C> | Promise<Answer<C>> };

export { PRINT };

export function failure(code: Code, message: string, words: string | null = null, next: string | null = null): CommandError {
  return new CommandError({ code, message, words, next });
}

/** A token that may do everything. */
export function checked(): TokenCheck {
  return {
    version: '8.4.21', clusterName: 'Homelab Cluster 1', nodes: ['pve1', 'pve2'], enough: true, visibleGuests: 11, grant: [],
    privileges: [
      { name: 'VM.Audit', path: '/vms', usedFor: 'See LXCs and their settings', granted: true, required: true },
      { name: 'Sys.Audit', path: '/nodes', usedFor: 'See nodes, load and tasks', granted: true, required: true },
      { name: 'VM.PowerMgmt', path: '/vms', usedFor: 'Start, stop and restart an LXC', granted: true, required: false },
    ],
  };
}

function answers(): Answers {
  return {
    app_info: () => ({ version: '0.1.0', dataDir: '/data', keyStorage: 'keyring', demo: true, tray: 'shown' }),
    unlock: () => ({ version: '0.1.0', dataDir: '/data', keyStorage: 'passphrase', demo: false, tray: 'shown' }),
    keep_secret: () => ({ id: 's-1' }),
    snapshot: () => ({ seq: 10, fleet: FLEET, operations: OPERATIONS }),
    probe_cluster: () => ({
      address: '192.168.1.10:8006', known: null, compare: 'openssl x509 -in /etc/pve/local/pve-ssl.pem -noout -fingerprint -sha256',
      certificate: { sha256: PRINT, subject: 'pve1.home.arpa', issuer: 'Proxmox Virtual Environment', names: ['pve1.home.arpa', '192.168.1.10'], notBefore: NOW - 86_400_000, notAfter: NOW + 600 * 86_400_000, trustedBySystem: false },
    }),
    check_token: () => checked(),
    add_cluster: () => ({ cluster: C1, already: false }),
    discover: () => ({ nodes: 2, guests: 11, running: 9, stopped: 1, templates: 1, problems: [], sentence: 'Found 2 nodes, 11 LXCs' }),
    access_info: () => ({
      authorise: "mkdir -p -m 700 ~/.ssh && echo 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMP redflag' >>~/.ssh/authorized_keys",
      notFollowed: [],
      nodes: [
        { node: 'pve1', host: '192.168.1.11', port: 22, user: 'root', way: USUAL_WAY, configured: null },
        { node: 'pve2', host: '192.168.1.12', port: 22, user: 'root', way: USUAL_WAY, configured: null },
      ],
    }),
    access_setup: ({ entry, user }) => ({ lines: `lines for ${user} by ${entry}` }),
    forget_access: () => ({}),
    roads: () => ({ roads: ROADS }),
    make_pastes: () => PASTES,
    pastes: () => ({ pastes: PASTES.commands.map(({ paste }) => paste) }),
    probe_node: () => ({ key: { algorithm: 'ssh-ed25519', fingerprint: 'SHA256:uNiVztksCsDhcc0u9e8BrrGkYBH6zW4vXxxYkq3D0Yk' }, changedFrom: null, compare: 'ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub' }),
    save_access: (request) => ({ hostname: request.node, guests: 4 }),
    make_plan: ({ kind, allowed }) => (kind === 'enrol' ? enrolPlan(allowed) : kind === 'restartAgent' || kind === 'removeAgent' ? agentPlan(kind) : kind === 'updateImages' ? IMAGE_PLAN : kind === 'restartGuest' ? RESTART_PLAN : PLAN),
    approve_plan: () => ({ operation: 'o-1483' }),
    start_scan: () => ({ operation: 'o-1482' }),
    cancel_operation: () => ({}),
    operation_details: ({ operation }) => ({ operation: found(OPERATIONS, operation), jobs: JOBS, ...PLANNED }),
    guest_details: ({ guest }) => details(Number(guest.slice(-12))),
    read_log: ({ after }) => ({ lines: LOG.slice(after), total: LOG.length }),
    read_audit: ({ search, before, limit }) => {
      const all = AUDIT.filter((entry) => (before === null || entry.id < before) && JSON.stringify(entry).includes(search));
      return { entries: all.slice(0, limit), more: all.length > limit };
    },
    job_receipt: () => ({ receipt: null }),
    create_token: () => CREATED,
    cluster_details: ({ cluster }) => clusterDetails(cluster),
    node_details: ({ node }) => nodeDetails(node),
    guest_settings: guestSettings,
    test_cluster: () => CLUSTER_TEST,
    edit_cluster: () => ({}),
    set_enabled: () => ({}),
    rotate_token: () => checked(),
    removal: () => REMOVAL,
    remove_cluster: () => ({}),
    presented_certificate: () => CHANGE,
    accept_certificate: () => ({}),
    try_way: () => ({ endpoints: ['192.168.1.5:47100'], open: true, problem: null }),
    gateway: () => GATEWAY,
    approve_updates: ({ only }) => approvedUpdates(only),
    withdraw_approvals: () => ({}),
    approvals: () => ({ approvals: APPROVALS }),
    set_rule: (rule) => ({ ...rule, id: 'rule-new', scopeName: 'nextcloud', by: 'ada', at: NOW }),
    remove_rule: () => ({}),
    rules: () => ({ rules: RULES }),
    fleet_updates: () => FLEET_UPDATES,
    read_receipts: ({ search, before, limit }) => {
      const after = RECEIPT_ROWS.slice(RECEIPT_ROWS.findIndex(({ receipt }) => receipt.job === before) + 1);
      const all = after.filter((row) => JSON.stringify(row).includes(search));
      return { receipts: all.slice(0, limit), more: all.length > limit };
    },
    export_receipts: ({ format }) => ({ path: `/home/ada/Downloads/redflag-history.${format}`, receipts: RECEIPT_ROWS.length }),
    read_changelog: () => ({ text: CHANGELOG }),
    images: () => FLEET_IMAGES,
    set_registry: () => ({}),
    remove_registry: () => ({}),
    check_images: () => ({}),
    set_image_rhythm: () => ({}),
    set_login: () => ({}),
    remove_login: () => ({}),
    found_logins: () => FOUND_LOGINS,
    take_logins: () => ({}),
    preferences: () => USUAL_PREFERENCES,
    set_preferences: (preferences) => preferences,
    data_info: () => DATA_INFO,
    make_backup: () => ({ name: 'redflag-20261128T120000Z.db', at: NOW, bytes: 4_300_000 }),
    restore_backup: () => ({}),
    export_fleet: () => ({ path: '/home/me/Downloads/redflag-fleet-2026-11-28.csv' }),
    change_passphrase: () => ({ version: '0.1.0', dataDir: '/data', keyStorage: 'passphrase', demo: false, tray: 'shown' }),
    guest_load: () => LOAD,
    set_gateway_port: ({ port }) => ({ ...GATEWAY, port, addresses: [`192.168.1.5:${port}`], former: GATEWAY.port, waiting: 3 }),
  };
}

function found(operations: Operation[], id: string): Operation {
  const operation = operations.find((one) => one.id === id);
  if (operation === undefined) throw failure('notFound', `There is no operation ${id}.`);
  return operation;
}

export class MemoryHost implements Host {
  readonly answers = answers();
  readonly calls: { command: Command; request: unknown }[] = [];
  #seq = 10;
  #listener: ((event: Event) => void) | null = null;
  #link: ((up: boolean) => void) | null = null;

  async rpc<C extends Command>(command: C, request: Request<C>): Promise<Answer<C>> {
    this.calls.push({ command, request });
    if (!(command in this.answers)) throw failure('badInput', `The host in memory has no answer to ${command}.`);
    const answer = await this.answers[command](request);
    // A snapshot contains everything that was sent before it.
    if (command === 'snapshot') (answer as Answer<'snapshot'>).seq = this.#seq;
    return answer;
  }

  subscribe(onEvent: (event: Event) => void, onLink: (up: boolean) => void): () => void {
    this.#listener = onEvent;
    this.#link = onLink;
    queueMicrotask(() => onLink(true));
    return () => {
      this.#listener = null;
    };
  }

  send(body: Body): void {
    this.#seq += 1;
    this.#listener?.({ seq: this.#seq, at: NOW, body });
  }

  /** Loses events: the next one leaves a gap. */
  lose(events: number): void {
    this.#seq += events;
  }

  link(up: boolean): void {
    this.#link?.(up);
  }

  requests<C extends Command>(command: C): Request<C>[] {
    return this.calls.filter((call) => call.command === command).map((call) => call.request as Request<C>);
  }
}
