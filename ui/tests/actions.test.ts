// Why an action can or cannot be done, for one guest and for several.
import { expect, it } from 'vitest';
import type { GuestRow } from '../src/bindings/GuestRow';
import { action, type ActionId, type Verdict } from '../src/actions/registry';
import { type Scope, scopeOfGuests, scopeOfRow } from '../src/actions/scope';
import { useChecking } from '../src/images/checking';
import { fromSnapshot } from '../src/live/fleet';
import { useLive } from '../src/live/store';
import { C1, C2, FLEET, guest } from './fixtures/fleet';

const picture = fromSnapshot(FLEET);
const named = (...names: string[]): GuestRow[] => FLEET.guests.filter((row) => names.includes(row.name));
const when = (id: ActionId, rows: GuestRow[]): Verdict => action(id).when(scopeOfGuests(picture, rows));
const why = (id: ActionId, ...names: string[]) => {
  const verdict = when(id, named(...names));
  return verdict.able ? (verdict.note ?? 'able') : verdict.why;
};

it('says for one guest why not', () => {
  expect(why('scan', 'ubuntu-dev')).toBe('Stopped. Start it first');
  expect(why('scan', 'vaultwarden')).toBe('No agent. Install it first');
  expect(why('scan', 'home-assistant')).toBe('The agent does not answer');
  expect(why('scan', 'tmpl-debian-12')).toBe('A template is not changed');
  expect(why('scan', 'jellyfin')).toBe('Its node does not answer');
  expect(why('scan', 'monitoring')).toBe('An operation runs on it');
  expect(why('update', 'syncthing')).toBe('Locked: backup');
  expect(why('update', 'mariadb')).toBe('Up to date');
  expect(why('security', 'debian-pihole')).toBe('No security updates');
  expect(why('enrol', 'nextcloud')).toBe('Already installed');
  expect(why('enrol', 'ubuntu-dev')).toBe('Already installed');
  expect(why('paste-agent', 'nextcloud')).toBe('Already installed');
  expect(why('paste-agent', 'jellyfin')).toBe('Already installed');
  expect(why('restart-agent', 'vaultwarden')).toBe('No agent');
  expect(why('restart-agent', 'ubuntu-dev')).toBe('Stopped. Start it first');
  expect(why('remove-agent', 'syncthing')).toBe('Locked: backup');
  expect(why('remove-agent', 'tmpl-debian-12')).toBe('A template is not changed');
  expect(why('remove-agent', 'monitoring')).toBe('An operation runs on it');
});

it('can where it can', () => {
  expect(why('scan', 'nextcloud')).toBe('able');
  expect(why('scan', 'syncthing')).toBe('able');
  expect(why('update', 'nextcloud')).toBe('able');
  expect(why('security', 'nextcloud')).toBe('able');
  expect(why('enrol', 'vaultwarden')).toBe('able');
  expect(why('restart-agent', 'nextcloud')).toBe('able');
  expect(why('remove-agent', 'nextcloud')).toBe('able');
});

it('says of several how many can, or that none can', () => {
  expect(why('update', 'nextcloud', 'mariadb', 'syncthing')).toBe('1 of 3 have updates to install');
  expect(why('enrol', 'nextcloud', 'mariadb')).toBe('Already installed');
  expect(why('enrol', 'nextcloud', 'jellyfin', 'tmpl-debian-12')).toBe('None of 3 can get an agent');
  expect(why('restart-agent', 'nextcloud', 'home-assistant', 'vaultwarden')).toBe('2 of 3 can be restarted');
  expect(why('remove-agent', 'vaultwarden', 'ubuntu-dev')).toBe('None of 2 can be taken out');
  expect(when('scan', [])).toEqual({ able: false, why: 'No LXC here' });
});

it('an agent that does not answer can be restarted, taken out, or set up again: all go through the node', () => {
  expect(why('restart-agent', 'home-assistant')).toBe('able');
  expect(why('remove-agent', 'home-assistant')).toBe('able');
  expect(why('enrol', 'home-assistant')).toBe('The agent does not answer: it is set up again');
});

it('a stopped LXC can get an agent, and says that it would be started', () => {
  const stopped = guest(C1, 'pve1', 121, 'off', { power: 'stopped', agent: { kind: 'notInstalled' } });
  const [runs] = named('vaultwarden');
  expect(when('enrol', [stopped])).toEqual({ able: true, note: 'Stopped: it would be started for it' });
  expect(when('enrol', [stopped, ...(runs === undefined ? [] : [runs])])).toEqual({ able: true, note: '1 stopped: would be started for it' });
  expect(when('enrol', [stopped, ...named('nextcloud')])).toEqual({ able: true, note: '1 of 2 can get an agent. Stopped: it would be started for it' });
  expect(when('enrol', [{ ...stopped, lock: 'backup' }])).toEqual({ able: false, why: 'Locked: backup' });
});

it('names agents in the plural where there may be several', () => {
  const label = (id: ActionId, rows: GuestRow[]) => action(id).label(scopeOfGuests(picture, rows));
  expect(label('remove-agent', named('nextcloud'))).toBe('Remove agent…');
  expect(label('remove-agent', named('nextcloud', 'mariadb'))).toBe('Remove agents…');
  expect(label('restart-agent', named('nextcloud', 'mariadb'))).toBe('Restart agents…');
  expect(label('enrol', named('vaultwarden'))).toBe('Install agent…');
});

it('a pasted command needs no way into the node, but a running LXC without a lock', () => {
  const fresh = guest(C1, 'pve1', 121, 'new', { agent: { kind: 'notInstalled' } });
  const shut = { ...picture, nodes: new Map() };
  expect(action('enrol').when(scopeOfGuests(shut, [fresh])).able).toBe(false);
  expect(action('paste-agent').when(scopeOfGuests(shut, [fresh]))).toEqual({ able: true, note: null });
  expect(when('paste-agent', [{ ...fresh, power: 'stopped' }])).toEqual({ able: false, why: 'Stopped. Start it first' });
  expect(when('paste-agent', [{ ...fresh, lock: 'backup' }])).toEqual({ able: false, why: 'Locked: backup' });
  expect(when('paste-agent', [fresh, ...named('nextcloud')])).toEqual({ able: true, note: '1 of 2 can get an agent' });
  expect(action('paste-agent').label(scopeOfGuests(picture, [fresh]))).toBe('Install agent by pasted command…');
});

it('an agent needs a way into the node', () => {
  const fresh = guest(C2, 'pve4', 320, 'new', { agent: { kind: 'notInstalled' } });
  expect(when('enrol', [fresh])).toEqual({ able: false, why: 'No access to pve4. Set up node access first' });
  const there = guest(C2, 'pve4', 321, 'there');
  expect(when('remove-agent', [there])).toEqual({ able: false, why: 'No access to pve4. Set up node access first' });
});

it('never calls an unknown state up to date', () => {
  const unscanned = guest(C1, 'pve1', 120, 'x', { updates: { kind: 'unknown', why: 'notScanned' } });
  expect(when('update', [unscanned])).toEqual({ able: false, why: 'Updates are not known yet. Scan first' });
});

it('hands a whole node to Rust, but behind a filter only what is shown', () => {
  useLive.setState({ fleet: picture });
  expect(scopeOfRow(picture, `node:${C1}/pve1`, false)?.targets).toEqual([{ kind: 'node', node: { cluster: C1, node: 'pve1' } }]);
  expect(scopeOfRow(picture, `node:${C1}/pve1`, true)?.targets).toHaveLength(5);
});

it('all registries are asked from any row that has images', () => {
  const shown = (...names: string[]) => action('check-images').shown(scopeOfGuests(picture, named(...names)));
  expect(shown('ubuntu-docker-01')).toBe(true);
  expect(shown('mariadb')).toBe(false);
  expect(shown('mariadb', 'paperless')).toBe(true);
  useLive.setState({ fleet: picture });
  const cluster = scopeOfRow(picture, `cluster:${C1}`, false);
  expect(cluster !== null && action('check-images').shown(cluster)).toBe(true);
  expect(why('check-images', 'ubuntu-docker-01')).toBe('Asks all registries, for the whole fleet');
  expect(when('check-images', [guest(C1, 'pve1', 122, 'engine', { images: { total: 0, updates: 0, unclear: 0 } })])).toEqual({ able: false, why: 'No images in use' });
  useChecking.setState({ running: true });
  expect(why('check-images', 'ubuntu-docker-01')).toBe('The registries are being asked already');
});

it('updates images where an update is known of now, for the same reasons as packages', () => {
  expect(why('update-images', 'ubuntu-docker-01')).toBe('able');
  expect(why('update-images', 'ubuntu-docker-01', 'nextcloud', 'mariadb')).toBe('1 of 3 have images to update');
  expect(why('update-images', 'vaultwarden')).toBe('No agent. Install it first');
  expect(why('update-images', 'home-assistant')).toBe('The agent does not answer');
  expect(why('update-images', 'syncthing')).toBe('Locked: backup');
  expect(why('update-images', 'ubuntu-dev')).toBe('Stopped. Start it first');
  expect(why('update-images', 'tmpl-debian-12')).toBe('A template is not changed');
  expect(why('update-images', 'paperless')).toBe('Its node does not answer');
  expect(why('update-images', 'monitoring')).toBe('An operation runs on it');
  expect(why('update-images', 'mariadb')).toBe('No images in use');
  expect(why('update-images', 'mariadb', 'syncthing')).toBe('None of 2 have images to update');
});

it('restarts an LXC that runs, whatever becomes of its agent', () => {
  for (const able of ['nextcloud', 'vaultwarden', 'home-assistant']) expect(why('restart-guest', able)).toBe('able');
  expect(why('restart-guest', 'ubuntu-dev')).toBe('Stopped. Start it first');
  expect(why('restart-guest', 'tmpl-debian-12')).toBe('A template is not changed');
  expect(why('restart-guest', 'jellyfin')).toBe('Its node does not answer');
  expect(why('restart-guest', 'syncthing')).toBe('Locked: backup');
  expect(why('restart-guest', 'monitoring')).toBe('An operation runs on it');
  expect(why('restart-guest', 'nextcloud', 'syncthing')).toBe('1 of 2 can be restarted');
  expect(when('restart-guest', [guest(C2, 'pve4', 320, 'no-access')])).toEqual({ able: true, note: null });
  expect(when('restart-guest', [guest(C1, 'pve1', 121, 'x', { power: 'unknown' })])).toEqual({ able: false, why: 'Its power state is unknown' });
});

it('offers the restart on rows of every kind, by no letter', () => {
  useLive.setState({ fleet: picture });
  const label = (scope: Scope | null) => scope !== null && action('restart-guest').shown(scope) && action('restart-guest').label(scope);
  expect(label(scopeOfGuests(picture, named('nextcloud')))).toBe('Restart LXC…');
  for (const several of [scopeOfGuests(picture, named('nextcloud', 'mariadb')), scopeOfRow(picture, `node:${C1}/pve1`, false), scopeOfRow(picture, `cluster:${C1}`, false)]) expect(label(several)).toBe('Restart LXCs…');
  expect(action('restart-guest')).toMatchObject({ letter: null, keys: null, group: 2 });
});

it('calls no image up to date, and counts no update of an earlier time', () => {
  const engine = guest(C1, 'pve1', 122, 'engine', { images: { total: 3, updates: 1, unclear: 0 } });
  const of = (part: Partial<GuestRow>) => when('update-images', [{ ...engine, ...part }]);
  expect(of({})).toEqual({ able: true, note: null });
  expect(of({ images: { total: 3, updates: 0, unclear: 3 } })).toEqual({ able: false, why: 'No image update is known' });
  expect(of({ images: { total: 0, updates: 0, unclear: 1 } })).toEqual({ able: false, why: 'No images in use' });
  expect(of({ updates: { kind: 'stale', since: 0, counts: { total: 1, security: 0, blocked: 0, ignored: 0 } } })).toEqual({ able: false, why: 'Its images are known from an earlier time only. Scan first' });
  expect(of({ agent: { kind: 'online', version: '0.0.9', since: 0, older: true, via: null } })).toEqual({ able: false, why: 'Its agent is older than this RedFlag. Upgrade it first' });
});

it('offers the update of images on rows of every kind, named alike', () => {
  useLive.setState({ fleet: picture });
  const scopes = [scopeOfGuests(picture, named('nextcloud')), scopeOfGuests(picture, named('nextcloud', 'mariadb')), scopeOfRow(picture, `node:${C1}/pve1`, false), scopeOfRow(picture, `cluster:${C1}`, false)];
  for (const scope of scopes) expect(scope !== null && action('update-images').shown(scope) && action('update-images').label(scope)).toBe('Update images…');
});
