import test from 'ava';
import type { Bundle } from '../../lib/protocol/bundle.js';
import { type ControlFrame, MARKER } from '../../lib/protocol/messages.js';
import { parseBusPacket, parsePacket } from '../../lib/protocol/parse.js';

function parse(message: unknown) {
  const broken: string[] = [];
  const packet = parsePacket(message, error => broken.push(`${error.code} ${error.message}`));
  return { packet, broken };
}

const payload = { text: '1', ext: false };
const payloadWithParts = { text: '[12]', ext: true, parts: ['long', { b: 'aGk=' }] };

/** One of each, in all their shapes. */
const CONTROL: Readonly<Record<string, object>> = {
  hello: { k: 'hello', versions: [2, 1], id: 'a', workerId: 3, pid: 7, probe: new Uint8Array(1) },
  'hello without probe': { k: 'hello', versions: [], id: '', workerId: 0, pid: 0 },
  welcome: {
    k: 'welcome',
    version: 1,
    id: 'a',
    workerId: 3,
    heartbeatMs: 0.5,
    leaderTimeoutMs: Number.MAX_SAFE_INTEGER,
    route: 'relay',
    probe: {},
  },
  rejected: { k: 'rejected', id: 'a', versions: [1] },
  goodbye: { k: 'goodbye' },
  join: { k: 'join', group: 'g', eligible: true, priority: -1.5, handover: 'overlap', digest: '{}' },
  'join with pauses': {
    k: 'join',
    group: 'g',
    eligible: true,
    priority: 0,
    handover: 'exclusive',
    backoff: [1, 2],
    digest: '{}',
  },
  leave: { k: 'leave', group: '__proto__' },
  heartbeat: { k: 'heartbeat', n: 1 },
  ack: { k: 'ack', n: 0 },
  ready: { k: 'ready', group: 'constructor', term: 5, methods: ['get', '__proto__'] },
  prepared: { k: 'prepared', group: 'g'.repeat(512), term: 5, methods: [] },
  yield: { k: 'yield', group: 'g', term: 5 },
  resign: { k: 'resign', group: 'g', term: 5, cause: 'resigned' },
  'resign with what was read': { k: 'resign', group: 'g', term: 5, cause: 'broken', read: [2, 7] },
  'leave with what was read': { k: 'leave', group: 'g', term: 5, read: [] },
  'resign with an error': { k: 'resign', group: 'g', term: 5, cause: 'failed', error: payloadWithParts },
  update: { k: 'update', group: 'g', term: 0, phase: 'vacant' },
  'news of a leader': {
    k: 'update',
    group: 'g',
    term: 5,
    phase: 'ready',
    leader: { workerId: 0, pid: 7 },
    methods: ['get'],
    error: payload,
  },
  handover: { k: 'handover', group: 'g', term: 5 },
  prepare: { k: 'prepare', group: 'g', term: 5 },
  warning: { k: 'warning', group: 'g', text: '' },
};

const BUNDLES: Readonly<Record<string, object>> = {
  'a bundle of two frames': { g: 'g', t: 5, h: [1, 7, 1, 0, 65, 8, 3, 0], x: '[0,[1]]' },
  'one to the leader': { g: 'g', t: 5, n: 1, h: [1, 7, 1, 0], x: '[0]' },
  'one from a member': { g: 'g', t: 5, f: 2, h: [1, 7, 1, 0], x: '[0]' },
  'one with calls that are about something': {
    g: 'g',
    t: 5,
    h: [513, 7, 1, 0, 1025, 8, 1, 0],
    x: '[0,0]',
    m: ['a', 1, 'b', null],
  },
  'one whose calls never end': { g: 'g', t: 5, h: [513, 7, 1, 0], x: '[0]', m: ['a', Number.POSITIVE_INFINITY] },
  'one to several': { g: 'g', t: 5, to: [2, 3], h: [1, 7, 1, 0], x: '[0]' },
  'one to nobody': { g: 'g', t: 5, to: [], h: [1, 7, 1, 0], x: '[0]' },
  'one to all': { g: 'g', t: 5, to: '*', h: [1, 7, 1, 0], x: '[0]' },
  'one with parts': {
    g: 'g',
    t: 5,
    h: [1, 7, 1, 2, 1, 8, 1, 1],
    x: '[0,0]',
    p: ['a', Buffer.from('b'), { b: 'Yw==' }],
  },
  'one with a block': { g: 'g', t: 5, h: [1, 7, 1, 2], x: '[0]', p: [2, 'a'], q: Buffer.from('bc') },
};

for (const [title, frame] of Object.entries(CONTROL)) {
  test(`a good frame passes as it is: ${title}`, t => {
    const { packet, broken } = parse({ [MARKER]: 1, c: [frame] });
    t.is(packet!.c![0], frame as ControlFrame);
    t.deepEqual(broken, []);
    t.deepEqual(packet!.d, []);
  });
}

for (const [title, bundle] of Object.entries(BUNDLES)) {
  test(`a good bundle passes as it is: ${title}`, t => {
    const { packet, broken } = parse({ [MARKER]: 1, d: [bundle] });
    t.is(packet!.d![0], bundle as Bundle);
    t.deepEqual(broken, []);
    t.deepEqual(packet!.c, []);
  });
}

const holes = (length: number): unknown[] => {
  const list: unknown[] = [];
  list.length = length;
  return list;
};

const A_BILLION = 1e9;

/** A frame by name with some fields changed, and what is said of it. */
const BROKEN_CONTROL: readonly [name: string, change: object, said: string][] = [
  ['hello', { versions: undefined }, 'hello.versions must be a list of at most 100, each a whole number'],
  ['hello', { versions: '1' }, 'hello.versions'],
  ['hello', { versions: { length: 1, 0: 1 } }, 'hello.versions'],
  ['hello', { versions: ['1'] }, 'hello.versions'],
  ['hello', { versions: [1, undefined] }, 'hello.versions'],
  ['hello', { versions: holes(2) }, 'hello.versions'],
  ['hello', { versions: holes(A_BILLION) }, 'hello.versions'],
  ['hello', { versions: new Array(101).fill(1) }, 'hello.versions'],
  ['hello', { id: 7 }, 'hello.id must be a string'],
  ['hello', { pid: '7' }, 'hello.pid must be a whole number'],
  ['hello', { pid: -1 }, 'hello.pid'],
  ['welcome', { version: Number.NaN }, 'welcome.version must be a whole number'],
  ['welcome', { id: null }, 'welcome.id must be a string'],
  ['welcome', { workerId: 1.5 }, 'welcome.workerId must be a whole number'],
  ['welcome', { heartbeatMs: 0 }, 'welcome.heartbeatMs must be a duration'],
  ['welcome', { heartbeatMs: '500' }, 'welcome.heartbeatMs'],
  ['welcome', { leaderTimeoutMs: Number.POSITIVE_INFINITY }, 'welcome.leaderTimeoutMs must be a duration'],
  ['welcome', { leaderTimeoutMs: null }, 'welcome.leaderTimeoutMs'],
  ['welcome', { leaderTimeoutMs: -3000 }, 'welcome.leaderTimeoutMs'],
  ['welcome', { route: 'toString' }, 'welcome.route must be relay or direct'],
  ['rejected', { versions: 1 }, 'rejected.versions'],
  ['join', { group: '' }, 'join.group must be a group name'],
  ['join', { group: 'g'.repeat(513) }, 'join.group'],
  ['join', { group: ['g'] }, 'join.group'],
  ['join', { eligible: 1 }, 'join.eligible must be a boolean'],
  ['join', { priority: Number.NaN }, 'join.priority must be a number'],
  ['join', { priority: '1' }, 'join.priority'],
  ['join', { handover: 'none' }, 'join.handover must be exclusive or overlap'],
  ['join', { digest: {} }, 'join.digest must be a string'],
  ['join', { backoff: [1] }, 'join.backoff must be two numbers of milliseconds'],
  ['join', { backoff: [2, 1] }, 'join.backoff'],
  ['join', { backoff: 'x' }, 'join.backoff'],
  ['leave', { group: undefined }, 'leave.group must be a group name'],
  ['heartbeat', { n: -1 }, 'heartbeat.n must be a whole number'],
  ['heartbeat', { n: 2 ** 53 }, 'heartbeat.n'],
  ['ack', { n: '1' }, 'ack.n must be a whole number'],
  ['ready', { term: 0.5 }, 'ready.term must be a whole number'],
  ['ready', { methods: [1] }, 'ready.methods must be a list of at most 10000, each a string'],
  ['ready', { methods: holes(3) }, 'ready.methods'],
  ['ready', { methods: new Array(10_001).fill('') }, 'ready.methods'],
  ['prepared', { methods: undefined }, 'prepared.methods'],
  ['yield', { term: undefined }, 'yield.term must be a whole number'],
  ['resign', { cause: '__proto__' }, 'resign.cause must be resigned or failed or broken'],
  ['resign', { error: null }, 'resign.error must be an encoded value'],
  ['resign', { error: {} }, 'resign.error'],
  ['resign', { error: { text: '1', ext: 0 } }, 'resign.error'],
  ['resign', { error: { ...payload, parts: 'ab' } }, 'resign.error'],
  ['resign', { error: { ...payload, parts: [null] } }, 'resign.error'],
  ['resign', { error: { ...payload, parts: [1] } }, 'resign.error'],
  ['update', { phase: 'fine' }, 'update.phase must be vacant or opening or ready or failed'],
  ['update', { leader: 1 }, 'update.leader must be a worker id and a pid'],
  ['update', { leader: { workerId: 1 } }, 'update.leader'],
  ['update', { methods: 'get' }, 'update.methods'],
  ['update', { error: 'no' }, 'update.error must be an encoded value'],
  ['update', { lost: [1, -1] }, 'update.lost'],
  ['handover', { term: -5 }, 'handover.term must be a whole number'],
  ['prepare', { group: 5 }, 'prepare.group must be a group name'],
  ['warning', { text: undefined }, 'warning.text must be a string'],
  ['goodbye', { k: 'farewell' }, 'k must be the name of a control frame'],
  ['goodbye', { k: 'constructor' }, 'k'],
  ['goodbye', { k: '__proto__' }, 'k'],
  ['goodbye', { k: undefined }, 'k'],
];

for (const [name, change, said] of BROKEN_CONTROL) {
  const shown = Object.entries(change).map(([field, value]) => `${field} ${show(value)}`);
  test(`a broken frame is reported and dropped: ${name} with ${shown}`, t => {
    const good = CONTROL.leave;
    const { packet, broken } = parse({ [MARKER]: 1, c: [{ ...CONTROL[name], ...change }, good] });
    t.is(broken.length, 1);
    t.true(broken[0]!.startsWith(`ERR_PROTOCOL A broken frame came: ${said}`), broken[0]);
    t.deepEqual(packet!.c, [good as ControlFrame]);
  });
}

const BROKEN_BUNDLES: readonly [title: string, change: object, said: string][] = [
  ['no group', { g: undefined }, 'bundle.g must be a group name'],
  ['a term of text', { t: '5' }, 'bundle.t must be a whole number'],
  ['a negative number', { n: -1 }, 'bundle.n must be a whole number'],
  ['a sender that is none', { f: Number.NaN }, 'bundle.f must be a whole number'],
  ['a receiver that is no list', { to: 2 }, "bundle.to must be worker ids or '*'"],
  ['a receiver that is a name', { to: 'all' }, 'bundle.to'],
  ['a receiver of text', { to: ['2'] }, 'bundle.to'],
  ['holes for receivers', { to: holes(3) }, 'bundle.to'],
  ['a billion receivers', { to: holes(A_BILLION) }, 'bundle.to must be such that'],
  ['a text that is none', { x: [0] }, 'bundle.x must be a string'],
  ['parts that are no list', { p: {} }, 'bundle.p'],
  ['a part that is null', { p: [null], h: [1, 7, 1, 1] }, 'bundle.p'],
  ['a part without its bytes', { p: [{ b: 1 }], h: [1, 7, 1, 1] }, 'bundle.p'],
  ['a billion parts', { p: holes(A_BILLION) }, 'bundle.p must be such that'],
  ['a block for no parts', { q: Buffer.from('a') }, 'bundle.p'],
  ['a block that is null', { q: null }, 'bundle.p'],
  ['a block that is an empty text', { q: '' }, 'bundle.p'],
  ['a block that is an empty list', { q: [] }, 'bundle.p'],
  ['a block that says its length and is none', { q: { length: 0 } }, 'bundle.p'],
  ['an empty block for no parts', { q: new Uint8Array(0) }, 'bundle.p'],
  ['a block that is null for parts', { p: [0], q: null, h: [1, 7, 1, 1] }, 'bundle.p'],
  ['a text in a block outside of slices', { x: '', y: 3, q: Buffer.from('[0]') }, 'bundle.y'],
  ['a block that is too short', { p: [2], q: Buffer.from('a'), h: [1, 7, 1, 1] }, 'bundle.p'],
  ['nothing of a block that is not there', { p: [0], h: [1, 7, 1, 1] }, 'bundle.p'],
  ['a block that is no bytes', { p: [1], q: 'a', h: [1, 7, 1, 1] }, 'bundle.p'],
  ['methods that are no list', { m: 'a' }, 'bundle.m must be names and deadlines in turn'],
  ['a method without its deadline', { m: ['a'] }, 'bundle.m must be names'],
  ['a method that is no name', { m: [1, 1] }, 'bundle.m must be names'],
  ['a deadline that is none', { m: ['a', 'b'] }, 'bundle.m must be names'],
  ['a deadline before all times', { m: ['a', -1] }, 'bundle.m must be names'],
  ['a call about what is not there', { m: ['a', 1], h: [1025, 7, 1, 0] }, 'bundle.m must be what its head is about'],
  ['no head', { h: undefined }, 'bundle.h must be four numbers a frame'],
  ['a head that is no list', { h: 'head' }, 'bundle.h'],
  ['bytes that are no head', { h: new Uint8Array(17) }, 'bundle.h must be four numbers a frame'],
  ['bytes of an empty head', { h: new Uint8Array(0), x: ']' }, 'bundle.h'],
  ['an empty head', { h: [], x: ']' }, 'bundle.h'],
  ['half a frame', { h: [1, 7] }, 'bundle.h'],
  ['a head of a billion', { h: holes(A_BILLION) }, 'bundle.h must be such that'],
  ['a head that is longer than any text', { h: holes(16) }, 'bundle.h'],
  ['a head of holes', { h: holes(8) }, 'bundle.h must be whole numbers'],
  ['a kind that is none', { h: [-1, 7, 1, 0] }, 'bundle.h must be whole numbers'],
  ['an id of text', { h: [1, '7', 1, 0] }, 'bundle.h must be whole numbers'],
  ['a length that is none', { h: [1, 7, Number.NaN, 0] }, 'bundle.h must be whole numbers'],
  ['a count that is none', { h: [1, 7, 1, 0.5] }, 'bundle.h must be whole numbers'],
  ['a head that says more than the text', { h: [1, 7, 2, 0] }, 'bundle.x must be as long as its head says'],
  ['a head that says less than the text', { h: [1, 7, 0, 0] }, 'bundle.x must be as long as its head says'],
  ['parts that are missing', { h: [1, 7, 1, 1] }, 'bundle.p must be as many as its head says'],
  ['parts that are too many', { p: ['a'] }, 'bundle.p must be as many as its head says'],
];

for (const [title, change, said] of BROKEN_BUNDLES) {
  test(`a broken bundle is reported and dropped: ${title}`, t => {
    const good = { g: 'g', t: 5, h: [1, 7, 1, 0], x: '[0]' };
    const { packet, broken } = parse({ [MARKER]: 1, d: [{ ...good, ...change }, good] });
    t.is(broken.length, 1);
    t.true(broken[0]!.startsWith(`ERR_PROTOCOL A broken frame came: ${said}`), broken[0]);
    t.deepEqual(packet!.d, [good as Bundle]);
  });
}

const NOT_OURS: readonly unknown[] = [
  undefined,
  null,
  0,
  'hello',
  true,
  [],
  {},
  { type: 'process:msg', data: { [MARKER]: 1 } },
  { type: 'axm:monitor', data: {} },
  { cmd: 'NODE_CLUSTER', act: 'online' },
  Object.create({ [MARKER]: 1 }),
];

test('what is not ours is left to others', t => {
  for (const message of NOT_OURS) t.deepEqual(parse(message), { packet: undefined, broken: [] }, show(message));
});

test('a version that is none is reported, and nothing of the packet counts', t => {
  for (const version of [undefined, null, '1', -1, Number.NaN]) {
    const { packet, broken } = parse({ [MARKER]: version, c: [CONTROL.goodbye] });
    t.is(packet, undefined);
    t.deepEqual(broken, [`ERR_PROTOCOL A broken frame came: ${MARKER} must be a protocol version.`]);
  }
});

test('lists of frames that are none are reported, and the other one counts', t => {
  for (const list of [null, 1, 'frames', {}, holes(A_BILLION)]) {
    t.like(parse({ [MARKER]: 1, c: list, d: [BUNDLES['one to all']] }), {
      packet: { c: [], d: [BUNDLES['one to all']] },
      broken: ['ERR_PROTOCOL A broken frame came: c must be a list of frames.'],
    });
    t.like(parse({ [MARKER]: 1, c: [CONTROL.goodbye], d: list }), {
      packet: { c: [CONTROL.goodbye], d: [] },
      broken: ['ERR_PROTOCOL A broken frame came: d must be a list of frames.'],
    });
  }
});

test('frames that are no objects are reported', t => {
  for (const frame of [null, undefined, 1, 'frame']) {
    t.deepEqual(parse({ [MARKER]: 1, c: [frame], d: [frame] }).broken, [
      'ERR_PROTOCOL A broken frame came: c must be a list of objects.',
      'ERR_PROTOCOL A broken frame came: d must be a list of objects.',
    ]);
  }
});

test('of many broken frames a few are reported, and the good ones among them count', t => {
  const list = holes(100_000);
  list[99_999] = CONTROL.goodbye;
  const { packet, broken } = parse({ [MARKER]: 1, c: list });
  t.is(broken.length, 10);
  t.deepEqual(packet!.c, [CONTROL.goodbye as ControlFrame]);
});

test('what a packet says of its way is whole, or it is broken', t => {
  for (const way of [{}, { up: 0 }, { down: 0 }, { link: 5, up: 1 }, { link: 5, down: 1 }])
    t.like(parse({ [MARKER]: 1, ...way }), { packet: { [MARKER]: 1, ...way }, broken: [] });
  for (const way of [
    { link: 5 },
    { link: '5', up: 1 },
    { link: -1, up: 1 },
    { up: 1.5 },
    { up: '1' },
    { down: null },
    { link: 5, up: 1, down: 1 },
  ]) {
    const { packet, broken } = parse({ [MARKER]: 1, ...way });
    t.is(packet, undefined, show(way));
    t.deepEqual(broken, ['ERR_PROTOCOL A broken frame came: packet.link must be a whole number, with up or down.']);
  }
});

test('nothing is read of a packet that is not meant for us', t => {
  const ways: unknown[] = [];
  const isMeant = (way: object) => ways.push(way) === 0;
  const message = { [MARKER]: 1, link: 5, up: 3, c: 'broken', d: 'broken', s: 'broken' };
  t.is(
    parsePacket(message, error => t.fail(error.message), { isMeant }),
    undefined,
  );
  t.deepEqual(ways, [{ link: 5, up: 3, down: undefined }]);
});

test('a packet may hold nothing, and of another version', t => {
  t.like(parse({ [MARKER]: 7 }), { packet: { [MARKER]: 7, c: [], d: [] }, broken: [] });
});

function show(value: unknown): string {
  if (Array.isArray(value)) return value.length > 9 ? `a list of ${value.length}` : `[${value.map(show)}]`;
  if (typeof value === 'string') return value.length > 20 ? 'a long text' : JSON.stringify(value);
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value);
}

test('a packet of the log says who sent it, its number and its state', t => {
  const broken: string[] = [];
  const read = (message: unknown) => parseBusPacket(message, error => broken.push(error.message));
  t.like(read({ [MARKER]: 1, i: 'w', n: 3, y: 1, c: [] }), { i: 'w', n: 3, y: 1 });
  t.is(read({ not: 'ours' }), undefined);
  t.deepEqual(broken, []);
  for (const part of [{ i: '' }, { i: 7 }, { n: -1 }, { y: 2 }])
    t.is(read({ [MARKER]: 1, i: 'w', n: 3, y: 1, ...part }), undefined);
  t.is(broken.length, 4);
  t.regex(broken[0]!, /packet\.i must be the name of its sender/);
});
