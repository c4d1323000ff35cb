// What the two sides of a channel say to each other when they aren't of one release, or when one of them talks nonsense.

import test from 'ava';
import type { RawApi, RawEvent } from '../fixtures/process-raw.js';
import { MALFORMED, senseless } from '../helpers/process/malformed.js';
import type { RemoteProcess } from '../helpers/process/remote.js';
import { type Rig, startRig } from '../helpers/process/rig.js';

type RawWorker = RemoteProcess<RawApi, RawEvent>;

/** A packet as it came. */
interface Packet {
  readonly $csc?: number;
  readonly link?: number;
  readonly down?: number;
  readonly c?: readonly { readonly k: string; readonly [field: string]: unknown }[];
  readonly d?: readonly { readonly t: number; readonly h: readonly number[]; readonly x: string }[];
}

test.serial('a newer worker and an older one share beside ours: each speaks the highest version in common', async t => {
  const rig = await startRig(t, { workers: 2 });
  const { term } = await rig.leader.do.status();
  for (const versions of [[2, 1], [1], [7, 1, 0]]) {
    const raw = await forkRaw(rig);
    await raw.do.send({ $csc: versions[0], up: 0, c: [hello(versions, raw)] });
    t.like(await control(raw, 'welcome'), { version: 1, id: `raw-${raw.pid}`, workerId: raw.workerId });
    const link = await linkOf(raw);
    await raw.do.send({ $csc: 1, link, up: 1, c: [join()] });
    t.like(await control(raw, 'update'), { group: 'probe', term, phase: 'ready' });
    const call = { h: [1 + 512, 1, 7, 0], x: '[["raw"]]', m: ['echo', null] };
    await raw.do.send({ $csc: 1, link, up: 2, d: [{ g: 'probe', t: term, n: 1, ...call }] });
    const { d } = await raw.until('message', ({ message }) => Boolean(packet(message).d)).then(e => packet(e.message));
    t.deepEqual(d![0]!.h.slice(0, 2), [10, 1]);
    t.is(d![0]!.x, '["raw"]');
    for (const [i, { message }] of raw.events.entries()) t.like(packet(message), { $csc: 1, link, down: i + 1 });
  }
  t.is((await rig.primary.do.status()).groups[0]!.members.length, 5);
  t.deepEqual(await rig.followers[0].do.call('echo', ['ours']), { value: 'ours' });
});

test.serial('a worker without a version in common is told so and kept out, the others work on', async t => {
  const rig = await startRig(t, { workers: 2 });
  for (const versions of [[3, 2], [0], []]) {
    const raw = await forkRaw(rig);
    await raw.do.send({ $csc: 3, up: 0, c: [hello(versions, raw)] });
    t.deepEqual(await control(raw, 'rejected'), { k: 'rejected', id: `raw-${raw.pid}`, versions: [1] });
    await raw.do.send({ $csc: 3, link: 1, up: 1, c: [join()] });
    t.truthy(await rig.primary.until('warning', ({ message }) => message.includes(`Worker ${raw.workerId} `)));
  }
  t.is((await rig.primary.do.status()).groups[0]!.members.length, 2);
  t.deepEqual(await rig.followers[0].do.call('echo', ['ours']), { value: 'ours' });
});

test.serial('a worker whose primary has no version in common gets ERR_PROTOCOL', async t => {
  const rig = await startRig(t, { primary: false });
  const { primary } = rig;
  const worker = await rig.fork({ internal: 'public' });
  await primary.do.listen();
  await worker.do.create();
  const waiting = worker.do.call('echo', [1]);
  const { message } = await primary.until('message');
  const { versions, id } = (message as { m: Packet }).m.c![0]!;
  t.deepEqual(versions, [1]);
  await primary.do.send(worker.workerId, [{ $csc: 3, down: 0, c: [{ k: 'rejected', id, versions: [3, 2] }] }]);
  t.like((await waiting).error, { code: 'ERR_PROTOCOL', outcome: 'not-started' });
  t.like((await worker.do.ready()).error, { code: 'ERR_PROTOCOL' });
  t.like((await worker.do.call('echo', [2])).error, { code: 'ERR_PROTOCOL', outcome: 'not-started' });
});

test.serial('the primary says nothing to a worker before its hello', async t => {
  const rig = await startRig(t, { workers: 2 });
  const raw = await forkRaw(rig);
  await rig.leader.do.close();
  t.deepEqual(await rig.followers[0].do.call('echo', [1]), { value: 1 });
  await rig.primary.do.send(raw.workerId, ['the last']);
  await raw.until('message', ({ message }) => message === 'the last');
  t.is(raw.events.length, 1);
});

test.serial('more than fifty malformed frames to the primary: it lives, and everybody else works on', async t => {
  const rig = await startRig(t, { workers: 3 });
  const { workers, primary, followers } = rig;
  const [sender] = followers;
  t.true(MALFORMED.length > 50);
  const hanging = sender.do.call('slow', [200]);
  for (const message of MALFORMED) await sender.do.send([message]);
  for (const worker of workers) t.deepEqual(await worker.do.call('echo', ['still']), { value: 'still' });
  t.deepEqual(await hanging, { value: 200 });
  t.true((await primary.eventsOf('warning')).length >= 50);
  t.deepEqual(await primary.eventsOf('deposed'), []);
});

test.serial('more than fifty malformed frames to a worker, leader or not: it lives, and works on', async t => {
  const { workers, primary, leader, followers } = await startRig(t, { workers: 3 });
  const hanging = followers[0].do.call('slow', [200]);
  for (const message of MALFORMED) {
    for (const { workerId } of [leader, followers[0]]) await primary.do.send(workerId, [message]);
  }
  for (const worker of workers) t.deepEqual(await worker.do.call('echo', ['still']), { value: 'still' });
  t.deepEqual(await hanging, { value: 200 });
  for (const worker of [leader, followers[0]]) t.true((await worker.eventsOf('warning')).length >= 50);
  t.deepEqual(await primary.eventsOf('deposed'), []);
});

test.serial('frames of the right shape that make no sense hurt nobody', async t => {
  const rig = await startRig(t, { workers: 3 });
  const { workers, primary, leader } = rig;
  const { term } = await leader.do.status();
  const raw = await forkRaw(rig);
  await raw.do.send({ $csc: 1, up: 0, c: [hello([1], raw)] });
  const link = await linkOf(raw);
  const packets = [{ $csc: 1, c: [join()] }, ...senseless(term)];
  for (const [i, message] of packets.entries()) await raw.do.send({ ...message, link, up: i + 1 });
  await control(raw, 'update');
  for (const worker of workers) t.deepEqual(await worker.do.call('echo', ['still']), { value: 'still' });
  t.deepEqual(await primary.eventsOf('deposed'), []);
  t.deepEqual(await leader.do.status().then(status => status.term), term);
});

test.serial('a worker that says hello twice, as another incarnation of the library, is a member once', async t => {
  const rig = await startRig(t, { workers: 2 });
  const raw = await forkRaw(rig);
  for (const id of ['one', 'two']) {
    await raw.do.send({ $csc: 1, up: 0, c: [{ ...hello([1], raw), id }] });
    const answers = (message: unknown) => packet(message).c?.some(frame => frame.id === id) ?? false;
    const { message } = await raw.until('message', event => answers(event.message));
    await raw.do.send({ $csc: 1, link: packet(message).link, up: 1, c: [join()] });
    await control(raw, 'update');
  }
  t.is((await rig.primary.do.status()).groups[0]!.members.length, 3);
  raw.kill();
  await rig.primary.until('leave', ({ workerId }) => workerId === raw.workerId);
  await rig.primary.until('exit');
  t.is((await rig.primary.do.status()).groups[0]!.members.length, 2);
});

const forkRaw = (rig: Rig): Promise<RawWorker> =>
  rig.forkProgram<RawApi, RawEvent>({ program: 'process-raw.js', serialization: 'json' });

const hello = (versions: readonly number[], { workerId, pid }: { workerId: number; pid: number }) => ({
  k: 'hello',
  versions,
  id: `raw-${pid}`,
  workerId,
  pid,
  probe: {},
});

const join = () => ({ k: 'join', group: 'probe', eligible: false, priority: 0, handover: 'exclusive', digest: '{}' });

const packet = (message: unknown) => (message ?? {}) as Packet;

const linkOf = async (raw: RawWorker) => packet((await raw.until('message')).message).link;

/** The first control frame of a kind. */
async function control(raw: RawWorker, kind: string): Promise<object> {
  const has = (message: unknown) => packet(message).c?.find(({ k }) => k === kind);
  const { message } = await raw.until('message', event => has(event.message) !== undefined);
  return has(message)!;
}
