// The filter's text: how it is read, and what it lets through.
import { describe, expect, it } from 'vitest';
import type { GuestRow } from '../src/bindings/GuestRow';
import { fromSnapshot } from '../src/live/fleet';
import { fieldOf, fieldWith, lastPiece, taken } from '../src/tree/field';
import { CLOSED, KEYS, parse, pieces, textOf } from '../src/tree/filter';
import { hintsOf } from '../src/tree/hints';
import { type Lists, match } from '../src/tree/match';
import { suggest } from '../src/tree/suggest';
import { words } from '../src/words/en';
import { bigFleet, C1, FLEET, guest, node } from './fixtures/fleet';
import { FLEET_IMAGES } from './fixtures/registries';
import { FLEET_UPDATES } from './fixtures/updates';

const picture = fromSnapshot(FLEET);
const LISTS: Lists = { updates: FLEET_UPDATES, images: FLEET_IMAGES };

describe('reading', () => {
  it.each<[string, string[], string[]]>([
    ['', [], []],
    ['web', [], ['web']],
    ['tag:prod state:running', ['tag:prod', 'state:running'], []],
    ['  TAG:Prod   Web ', ['tag:Prod'], ['web']],
    ['-tag:prod', ['-tag:prod'], []],
    ['cluster:"Homelab Cluster 1" x', ['cluster:"Homelab Cluster 1"'], ['x']],
    ['"two words" tag:a', ['tag:a'], ['two words']],
    ['tag:', [], []],
    ['-state:', [], []],
    ['tag:""', [], []],
    ['"tag:prod"', [], ['tag:prod']],
    ['192.168.1.10:8006', [], ['192.168.1.10:8006']],
    ['colour:red', [], ['colour:red']],
    ['state:FAILED', ['state:error'], []],
    ['agent:none type:images', ['agent:missing', 'type:docker'], []],
    ['image:ghcr.io/a/b:1', ['image:ghcr.io/a/b:1'], []],
    ['cluster:"not closed', ['cluster:"not closed"'], []],
    ['-web', [], ['-web']],
  ])('%s', (text, tokens, words) => {
    const filter = parse(text);
    expect(filter.tokens.map(textOf)).toEqual(tokens);
    expect(filter.words).toEqual(words);
  });

  it('is the same again when it is written out, whatever is in it', () => {
    // A small generator of its own: always the same texts, of everything that matters to the parser.
    const parts = ['tag:', 'state:', '-', '"', ' ', 'prod', 'running', 'a b', ':', '*', 'node:pve1', 'ä', '::', '"x y"'];
    let seed = 7;
    const next = (n: number) => { seed = (seed * 48_271) % 2_147_483_647; return seed % n; };
    for (let round = 0; round < 2000; round += 1) {
      const text = Array.from({ length: 1 + next(7) }, () => parts[next(parts.length)]).join('');
      const filter = parse(text);
      const again = parse(filter.tokens.map(textOf).join(' '));
      expect(again.tokens, text).toEqual(filter.tokens);
      expect(pieces(text).join('').replaceAll(/\s/g, ''), text).toBe(text.replaceAll(/\s/g, ''));
      expect(match(picture, text, LISTS)?.guests ?? 0, text).toBeLessThanOrEqual(14);
    }
  });

  it('says which values there are, and which key there is not', () => {
    expect(hintsOf(parse('state:foo'))[0]).toContain('There are running, stopped');
    expect(hintsOf(parse('colour:red'))).toEqual(['There is no key “colour”. It is searched as text.']);
    expect(hintsOf(parse('tag:nobody 10.0.0.1:80'))).toEqual([]);
  });

  it('has words for every key and every value', () => {
    for (const key of KEYS) expect(words.tree.keys[key]).toBeTruthy();
    for (const [key, values] of Object.entries(CLOSED)) expect(Object.keys(words.tree.values[key as keyof typeof CLOSED])).toEqual([...values]);
  });
});

const shown = (text: string) => FLEET.guests.filter((row) => match(picture, text, LISTS)?.shown.has(`guest:${row.id}`)).map((row) => row.vmid);

describe('matching', () => {
  it.each<[string, number[]]>([
    ['tag:prod', [100, 101, 200, 201, 204]],
    ['tag:prod tag:docker', [100, 101, 200, 201, 204]],
    ['tag:web tag:docker', [100, 200]],
    ['tag:prod -tag:docker', [101, 200, 201, 204]],
    ['tag:pro*', [100, 101, 200, 201, 204]],
    ['state:running tag:prod', [100, 101, 200, 201, 204]],
    ['state:stopped', [102]],
    ['state:locked', [103]],
    ['state:template', [900]],
    ['state:busy', [300]],
    ['state:unreachable', [202, 310, 311]],
    ['state:security', [200]],
    ['state:held', [200, 203]],
    ['state:uptodate', [201]],
    ['state:error', [204]],
    ['state:unknown', [102, 104]],
    ['state:stale', [310, 311]],
    ['state:foo', []],
    ['state:foo state:locked', [103]],
    ['-state:foo state:locked', [103]],
    ['node:pve4', [310, 311]],
    ['cluster:"homelab cluster 2"', [300, 310, 311]],
    ['cluster:*2 -node:pve3', [310, 311]],
    ['agent:missing', [104]],
    ['agent:offline agent:off', [102, 202]],
    ['type:docker', [100, 311]],
    ['type:notupdated', [900]],
    ['severity:high', [202, 300]],
    ['severity:unrated', [200]],
    ['package:openssl', [200]],
    ['package:php8.2-fpm package:grafana', [200, 202, 300]],
    ['image:nginx', [100, 200, 300]],
    ['image:grafana/grafana:11.3.0', [300, 311]],
    ['image:grafana', [300, 311]],
    ['image:*paperless*', [311]],
    ['cloud tag:web', [200]],
    ['pve2 prod', [200, 201, 204]],
    ['"pve2 192.168.1.12 nextcloud"', [200]],
  ])('%s', (text, vmids) => {
    expect(shown(text)).toEqual(vmids);
  });

  it('knows nothing of lists that were not read', () => {
    expect(match(picture, 'severity:high')?.guests).toBe(0);
  });

  it('shows an empty node that is meant itself, but none for its LXCs’ sake', () => {
    const more = fromSnapshot({ ...FLEET, nodes: [...FLEET.nodes, node(C1, 'pve9')] });
    expect(match(more, 'node:pve9')?.shown.has(`node:${C1}/pve9`)).toBe(true);
    expect(match(more, 'pve9')?.shown.has(`node:${C1}/pve9`)).toBe(true);
    expect(match(more, 'tag:prod')?.shown.has(`node:${C1}/pve9`)).toBe(false);
  });

  it('never takes what is not known today for up to date', () => {
    const odd: Partial<GuestRow>[] = [
      { old: true }, { agent: { kind: 'offline', lastSeen: null, trouble: null } }, { updates: { kind: 'stale', counts: { total: 0, security: 0, blocked: 0, ignored: 0 }, since: 1 } },
      { updates: { kind: 'error', reason: 'x', counts: null, repairable: false } }, { updates: { kind: 'unknown', why: 'notScanned' } }, { images: { total: 2, updates: 0, unclear: 1 } }, { power: 'stopped' },
    ];
    const fleet = fromSnapshot({ ...FLEET, guests: odd.map((part, i) => guest(C1, 'pve1', 500 + i, `odd-${i}`, part)) });
    expect(match(fleet, 'state:uptodate')?.guests).toBe(0);
    expect(match(fleet, 'type:unknown')?.guests).toBe(odd.length);
  });

  it('is quick over ten thousand', () => {
    const big = fromSnapshot(bigFleet());
    match(big, 'warm up');
    const began = performance.now();
    for (let i = 0; i < 10; i += 1) match(big, `guest-${i} state:running -tag:x node:pve1*`);
    expect((performance.now() - began) / 10).toBeLessThan(100);
  });
});

describe('the field', () => {
  const none: Lists = { updates: null, images: null };
  const typed = (text: string) => fieldWith([], text, picture, none);

  it('does not filter for a half-typed token', () => {
    expect(typed('tag:pr').filter).toBe('');
    expect(typed('tag:prod').filter).toBe('tag:prod');
    expect(typed('web tag:').filter).toBe('web');
    expect(typed('state:foo').filter).toBe('');
  });

  it('makes chips of whole tokens, and leaves what cannot be', () => {
    expect(taken(typed('web tag:prod '), picture, none)).toMatchObject({ typed: 'web', filter: 'tag:prod web', chips: [{ key: 'tag', value: 'prod' }] });
    expect(taken(typed('state:foo'), picture, none)).toBeNull();
    expect(taken(typed('cluster:"Homelab Cl'), picture, none)).toBeNull();
  });

  it('is made of a text from elsewhere', () => {
    expect(fieldOf('tag:prod web -node:pve1')).toMatchObject({ typed: 'web', chips: [{ key: 'tag' }, { key: 'node', not: true }] });
    expect(lastPiece('a tag:x')).toBe('tag:x');
    expect(lastPiece('a ')).toBe('');
  });

  it('suggests keys, then what the fleet has', () => {
    const texts = (typed: string) => suggest(typed, picture, LISTS).map(({ text }) => text);
    expect(texts('t')).toEqual(['tag:', 'type:']);
    expect(texts('-st')).toEqual(['-state:']);
    expect(texts('')).toHaveLength(KEYS.length);
    expect(texts('tag:')).toEqual(['tag:docker', 'tag:prod', 'tag:web']);
    expect(texts('cluster:2')).toEqual(['cluster:"Homelab Cluster 2"']);
    expect(texts('package:open')).toEqual(['package:openssl']);
    expect(texts('nothing')).toEqual([]);
  });
});
