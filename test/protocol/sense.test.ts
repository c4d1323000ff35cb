// Messages whose shape is right and whose sense is not: a few bytes that say very much, and names that lead nowhere.

import { deserialize, serialize } from 'node:v8';
import test from 'ava';
import { MOST_DATA } from '../../lib/protocol/budget.js';
import type { BusGroup, BusPeer, LogState } from '../../lib/protocol/log-state.js';
import { parseBusPacket, parsePacket } from '../../lib/protocol/parse.js';
import { SliceReader } from '../../lib/protocol/slices.js';

/** What arrives over a channel with V8's serialization, where references stay references. */
function cross(message: object) {
  const broken: string[] = [];
  const packet = parsePacket(deserialize(serialize(message)), error => broken.push(error.message), {
    slices: new SliceReader(),
  });
  return { packet: packet!, broken };
}

const big = { g: 'g', t: 5, h: [14, 1, 100_000, 0], x: `["${'x'.repeat(99_998)}"]` };

test('one bundle that a message refers to 20,000 times counts once', t => {
  const { packet, broken } = cross({ $csc: 1, d: new Array(20_000).fill(big) });
  t.is(packet.d.length, 1);
  t.deepEqual(broken, ['A broken frame came: d must be a list in which each frame is once.']);
});

/** What is large beside the text needs no large text. */
const SMALL = { h: [14, 1, 3, 0], x: '["x"]' };

const SHARED: Readonly<Record<string, object>> = {
  'the same text': {},
  'the same head': { h: Array.from({ length: 40_000 }, () => 0), x: `[${','.repeat(9_999)}]` },
  'the same head as bytes': { h: new Uint8Array(180_000), x: `[${','.repeat(9_999)}]` },
  'the same receivers': { ...SMALL, to: Array.from({ length: 100_000 }, (_, i) => i) },
  'the same exceptions': { ...SMALL, to: '*', but: Array.from({ length: 100_000 }, (_, i) => i) },
  'the same parts': { x: SMALL.x, h: [14, 1, 3, 2], p: [Buffer.alloc(100_000), 'x'.repeat(100_000)] },
  'the same block': { x: SMALL.x, h: [14, 1, 3, 1], p: [100_000], q: Buffer.alloc(100_000) },
  'the same methods': { ...SMALL, m: ['x'.repeat(100_000), 7] },
};

for (const [name, fields] of Object.entries(SHARED)) {
  test(`20,000 bundles with ${name} are refused, but for as many as a message may have`, t => {
    const bundles = Array.from({ length: 2000 }, () => ({ ...big, ...fields }));
    const { packet, broken } = cross({ $csc: 1, d: bundles });
    t.true(packet.d.length >= 1 && packet.d.length < MOST_DATA / 50_000, `${packet.d.length}`);
    t.is(broken.length, 10);
    t.regex(broken[0]!, /^A broken frame came: bundle\./);
  });
}

test('parts that a bundle in slices says a million times of few bytes are refused', t => {
  const head = { g: 'g', t: 5, h: [14, 1, 1, 1_000_000], x: '', y: 3, p: new Array(1_000_000).fill(10_000) };
  const { packet, broken } = cross({ $csc: 1, s: { head, piece: Buffer.from('[0]') } });
  t.deepEqual(packet.d, []);
  t.is(broken.length, 1);
});

test('a list of names that 10,000 control frames share is looked at so often and no more', t => {
  const methods = Array.from({ length: 10_000 }, (_, i) => `m${i}`);
  const ready = Array.from({ length: 10_000 }, () => ({ k: 'ready', group: 'g', term: 5, methods }));
  const { packet, broken } = cross({ $csc: 1, c: ready });
  t.true(packet.c.length >= 1000 && packet.c.length < 2000, `${packet.c.length}`);
  t.is(broken.length, 10);
});

test('addresses and secrets are short', t => {
  const address = 'x'.repeat(5000);
  for (const frame of [
    { k: 'address', address },
    { k: 'offer', group: 'g', term: 5, address: 'a', secret: address },
  ])
    t.regex(cross({ $csc: 1, c: [frame] }).broken.join(), /at most 4096 characters/);
});

const peer: BusPeer = { process: '1:1', workerId: 1, pid: 7, heartbeatMs: 500, leaderTimeoutMs: 5000, seen: 3 };
const member = { joinedAt: 1, eligible: true, priority: 0, handover: 'exclusive', digest: '{}' } as const;
const at = { stage: 'leading', term: 5, leader: 'a', readyAt: 1 } as const;
const members = { a: member, b: member };
const group: BusGroup = { lastTerm: 7, members, at, methods: [], failures: 0, heldMs: 0 };
const log = (groups: Record<string, object>, rest: object = {}): object => ({
  peers: { a: peer, b: peer },
  groups,
  lastTerm: 7,
  ...rest,
});

const packetOf = (state: object, sender: object = {}) => ({
  $csc: 1,
  i: 'a',
  n: 1,
  y: 1,
  c: [{ k: 'state', to: 'b', n: 1, log: state as LogState, quiet: {} }],
  ...sender,
});

function readBus(message: object) {
  const broken: string[] = [];
  const packet = parseBusPacket(JSON.parse(JSON.stringify(message)), error => broken.push(error.message));
  return { packet, broken };
}

test('a state in which each name leads somewhere passes', t => {
  const successor = { id: 'b', term: 7, methods: ['get'] };
  for (const good of [
    log({}),
    log({ g: group, h: { ...group, at: { stage: 'vacant', pause: { ms: 100, after: 'broken' } } } }),
    log({ g: { ...group, at: { ...at, stage: 'preparing', successor, yields: true } } }),
    log({ g: { ...group, at: { stage: 'opening', term: 5, leader: 'a' } } }),
    log({ g: { ...group, members: { ...members, b: { ...member, hasFailed: true, isSilent: true } } } }),
    log({ g: { ...group, transfer: { request: '1|a', from: 'a' }, offer: { term: 5, address: '/x' } } }),
  ])
    t.deepEqual(readBus(packetOf(good)).broken, []);
});

const SENSELESS: Readonly<Record<string, object>> = {
  'a member that is no peer': log({ g: { ...group, members: { a: member, c: member } } }),
  'a leader that is no member': log({ g: { ...group, at: { ...at, leader: 'c' } } }),
  'a leader without a name': log({ g: { ...group, at: { ...at, leader: undefined } } }),
  'a leader without a term': log({ g: { ...group, at: { ...at, term: undefined } } }),
  'a leader that was never ready': log({ g: { ...group, at: { ...at, readyAt: undefined } } }),
  'a leader that every object has': log({ g: { ...group, at: { ...at, leader: 'constructor' } } }),
  'a successor that is no member': log({ g: { ...group, at: { ...at, successor: { id: 'c', term: 7 } } } }),
  'a successor of a term that was not given out': log({
    g: { ...group, at: { ...at, successor: { id: 'b', term: 9 } } },
  }),
  'a group without members': log({ g: { ...group, members: {}, at: { stage: 'vacant' } } }),
  'a term after the last one': log({ g: { ...group, lastTerm: 4 } }),
  'a last term from which none can go on': log({ g: { ...group, lastTerm: Number.MAX_SAFE_INTEGER } }),
  'such a last term of all groups': log({}, { lastTerm: Number.MAX_SAFE_INTEGER }),
  'a pause that never ends': log({ g: { ...group, at: { stage: 'vacant', pause: { ms: 1e300, after: 'failed' } } } }),
  'a pause before now': log({ g: { ...group, at: { stage: 'vacant', pause: { ms: -1, after: 'failed' } } } }),
  'a peer with the name of what every object has': log({}, { peers: { toString: peer } }),
  'more peers than a host has': log(
    {},
    { peers: Object.fromEntries(Array.from({ length: 5000 }, (_, i) => [`p${i}`, peer])) },
  ),
};

for (const [name, state] of Object.entries(SENSELESS)) {
  test(`a state with ${name} is refused as a whole`, t => {
    const { packet, broken } = readBus(packetOf(state));
    t.deepEqual(packet!.c, []);
    t.deepEqual(broken, ['A broken frame came: state.log must be a state in which each name leads somewhere.']);
  });
}

test('a sender on the bus has a name of its own, and says no more in one message than it can have to say', t => {
  for (const i of ['', 'constructor', '__proto__', 'x'.repeat(129), 7])
    t.is(readBus(packetOf(log({}), { i })).packet, undefined);
  const flood = Array.from({ length: 20_001 }, () => ({ k: 'part' }));
  t.is(readBus({ $csc: 1, i: 'a', n: 1, y: 1, c: flood }).packet, undefined);
});
