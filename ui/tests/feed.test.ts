// The order of events: snapshot first, gaps refetch, frames merge.
import { expect, it } from 'vitest';
import type { Body } from '../src/bindings/Body';
import type { Event } from '../src/bindings/Event';
import type { Snapshot } from '../src/bindings/Snapshot';
import { applyPatches, fromSnapshot, guestsBelow } from '../src/live/fleet';
import { Feed } from '../src/live/feed';
import { C1, FLEET, guest, guestId, NOW } from './fixtures/fleet';
import { failure } from './host';

const patch = (name: string): Body => ({ kind: 'fleet', patch: { clusters: [], nodes: [], guests: [guest(C1, 'pve1', 100, name)], goneClusters: [], goneNodes: [], goneGuests: [], totals: null } });
const event = (seq: number, body: Body = patch(`at-${seq}`)): Event => ({ seq, at: NOW, body });
const snapshot = (seq: number): Snapshot => ({ seq, fleet: FLEET, operations: [] });

function setUp() {
  const seen: string[] = [];
  const reads: ((answer: Snapshot | Error) => void)[] = [];
  let frame: (() => void) | null = null;
  const feed = new Feed(
    () => new Promise((done, fail) => reads.push((answer) => (answer instanceof Error ? fail(answer) : done(answer)))),
    {
      snapshot: ({ seq }) => seen.push(`snapshot ${seq}`),
      changes: (patches) => seen.push(patches.map((one) => one.guests[0]?.name ?? '').join('+')),
      aside: ({ body }) => seen.push(body.kind),
      failed: (error) => seen.push(`failed ${error.message}`),
    },
    { request: (callback) => { frame = callback; } },
  );
  const answer = async (n: number, with_: Snapshot | Error) => {
    reads[n]?.(with_);
    await new Promise((done) => setTimeout(done));
  };
  const flush = () => {
    const now = frame;
    frame = null;
    now?.();
  };
  return { feed, seen, reads, answer, flush };
}

it('shows what came while the snapshot was on its way, once, in one frame', async () => {
  const { feed, seen, answer, flush } = setUp();
  void feed.refetch();
  for (const seq of [4, 5, 6]) feed.receive(event(seq));
  await answer(0, snapshot(5));
  feed.receive(event(7));
  flush();
  expect(seen).toEqual(['snapshot 5', 'at-6+at-7']);
});

it('fetches again after a gap, and shows nothing of what is uncertain', async () => {
  const { feed, seen, reads, answer, flush } = setUp();
  void feed.refetch();
  await answer(0, snapshot(1));
  feed.receive(event(2));
  feed.receive(event(4));
  feed.receive(event(5));
  expect(reads).toHaveLength(2);
  await answer(1, snapshot(4));
  flush();
  expect(seen).toEqual(['snapshot 1', 'snapshot 4', 'at-5']);
});

it('fetches once more when a gap is found among what came meanwhile', async () => {
  const { feed, seen, answer, reads } = setUp();
  void feed.refetch();
  feed.receive(event(2));
  feed.receive(event(4));
  await answer(0, snapshot(1));
  expect(reads).toHaveLength(2);
  await answer(1, snapshot(4));
  expect(seen.at(-1)).toBe('snapshot 4');
});

it('ignores an event that came twice', async () => {
  const { feed, seen, answer, flush } = setUp();
  void feed.refetch();
  await answer(0, snapshot(3));
  feed.receive(event(3));
  feed.receive(event(4));
  feed.receive(event(4));
  flush();
  expect(seen).toEqual(['snapshot 3', 'at-4']);
});

it('tells when the picture cannot be read, and a second try works', async () => {
  const { feed, seen, answer } = setUp();
  void feed.refetch();
  await answer(0, failure('locked', 'The store is locked.'));
  void feed.refetch();
  await answer(1, snapshot(1));
  expect(seen).toEqual(['failed The store is locked.', 'snapshot 1']);
});

it('hands jobs and logs on in order', async () => {
  const { feed, seen, answer, flush } = setUp();
  void feed.refetch();
  await answer(0, snapshot(1));
  feed.receive(event(2, { kind: 'planProgress', answered: 1, of: 2 }));
  feed.receive(event(3, { kind: 'log', job: 'j', lines: [] }));
  flush();
  expect(seen).toEqual(['snapshot 1', 'planProgress', 'log']);
});

it('a patch keeps every row that it does not name, and the order of the tree', () => {
  const before = fromSnapshot(FLEET);
  const renamed = applyPatches(before, [{ clusters: [], nodes: [], guests: [guest(C1, 'pve1', 100, 'ubuntu-docker-01', { cpu: 0.9 })], goneClusters: [], goneNodes: [], goneGuests: [], totals: null }]);
  expect(renamed.shape).toBe(before.shape);
  expect(renamed.guests.get(`guest:${guestId(101)}`)).toBe(before.guests.get(`guest:${guestId(101)}`));
});

it('a guest that migrates stands below its new node, and one that is gone nowhere', () => {
  const before = fromSnapshot(FLEET);
  const after = applyPatches(before, [{ clusters: [], nodes: [], guests: [guest(C1, 'pve2', 100, 'ubuntu-docker-01')], goneClusters: [], goneNodes: [], goneGuests: [guestId(101)], totals: null }]);
  expect(guestsBelow(after, `node:${C1}/pve1`)).toEqual([102, 103, 104].map((vmid) => `guest:${guestId(vmid)}`));
  expect(guestsBelow(after, `node:${C1}/pve2`)[0]).toBe(`guest:${guestId(100)}`);
});

it('gives a fault that a snapshot does not heal a rest, instead of asking on and on', async () => {
  const { feed, reads, answer } = setUp();
  void feed.refetch();
  feed.receive(event(9));
  for (let n = 0; n < 6; n += 1) await answer(n, snapshot(1));
  expect(reads.length).toBeLessThan(5);
});
