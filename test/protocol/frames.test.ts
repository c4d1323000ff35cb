import test from 'ava';
import {
  BundleBuilder,
  bytesOf,
  FRAME_BYTES,
  OVERHEAD_BYTES,
  pickFrames,
  readFrames,
  signal,
  splitFrames,
  WRITE_BYTES,
} from '../../lib/protocol/frames.js';
import { ABOUT, type Bundle, EXT, Kind, MORE } from '../../lib/protocol/messages.js';
import { packForBytes, packForJson } from '../../lib/protocol/pack-parts.js';
import { parsePacket } from '../../lib/protocol/parse.js';
import { frameWords } from '../helpers/unit/frames.js';

/** Three frames, of which the second and third have parts. */
function three(): Bundle {
  const open = new BundleBuilder('g', 5, [2, 3], 9);
  open.add(Kind.CALL, 1, '["a",null,[]]');
  open.addPayload(Kind.VALUE, 2, { text: '[12]', ext: true, parts: ['long', Buffer.from('bytes')] });
  open.addPayload(Kind.RESULT, 3, { text: '[12]', ext: true, parts: ['€'.repeat(5000)] });
  return open.seal();
}

interface Read {
  readonly kind: number;
  readonly id: number;
  readonly ext: boolean;
  readonly json: unknown;
  readonly text: string;
  readonly parts: readonly unknown[] | undefined;
}

function read(bundle: Bundle): Read[] {
  const frames: Read[] = [];
  readFrames(bundle, frame => {
    const { kind, id, ext, json, parts } = frame;
    frames.push({ kind, id, ext, json, parts, text: frame.payload().text });
  });
  return frames;
}

const READ: readonly Read[] = [
  { kind: Kind.CALL, id: 1, ext: false, json: ['a', null, []], text: '["a",null,[]]', parts: undefined },
  { kind: Kind.VALUE, id: 2, ext: true, json: [12], text: '[12]', parts: ['long', Buffer.from('bytes')] },
  { kind: Kind.RESULT, id: 3, ext: true, json: [12], text: '[12]', parts: ['€'.repeat(5000)] },
];

test('frames are read back as they were put, with the envelope of their bundle', t => {
  const bundle = three();
  t.like(bundle, { g: 'g', t: 5, n: 9, to: [2, 3] });
  t.deepEqual(read(bundle), READ);
});

test('an envelope has nothing in it that was not given', t => {
  const open = new BundleBuilder('g', 5);
  open.add(Kind.CALL, 1, '0');
  t.deepEqual(open.seal(), { g: 'g', t: 5, h: [Kind.CALL, 1, 1, 0], x: '[0]' });
});

test('frames are read back however their parts travelled', t => {
  for (const pack of [packForBytes, packForJson]) {
    const travelled = pack(three());
    t.deepEqual(read(travelled), READ);
    t.is(parsePacket({ $csc: 1, d: [travelled] }, () => t.fail())!.d!.length, 1);
  }
});

test('the payload of a frame is what it was made of', t => {
  readFrames(three(), frame => {
    const { id, ext, parts } = frame;
    if (id === 2) t.deepEqual(frame.payload(), { text: '[12]', ext, parts });
  });
});

test('nothing is visited of a bundle that can not be read', t => {
  t.throws(() => readFrames({ ...three(), x: '[' }, () => t.fail()), { instanceOf: SyntaxError });
});

test('a bundle takes frames until it is sealed, or large enough for a write', t => {
  const open = new BundleBuilder('g', 5);
  t.false(open.isFull);
  open.add(Kind.CALL, 1, '0', [Buffer.alloc(WRITE_BYTES)]);
  t.true(open.isFull);
  t.true(open.bytes > WRITE_BYTES);
  const small = new BundleBuilder('g', 5);
  small.add(Kind.CALL, 1, '0');
  small.seal();
  t.true(small.isFull);
});

test('a batch is worth a write of its own when it is large, or a good part of what is under way', t => {
  const open = new BundleBuilder('g', 5);
  for (let i = 0; i < 31; i++) open.add(Kind.CALL, i, '0');
  t.false(open.isWorthAWrite(1));
  open.add(Kind.CALL, 31, '0');
  t.true(open.isWorthAWrite(128));
  t.false(open.isWorthAWrite(129));
  const large = new BundleBuilder('g', 5);
  large.add(Kind.CALL, 1, '0', ['x'.repeat(WRITE_BYTES)]);
  t.true(large.isWorthAWrite(1e6));
});

test('the frames that match make a bundle of their own, the envelope and all parts with them', t => {
  for (const bundle of [three(), packForBytes(three()), packForJson(three())]) {
    const picked = pickFrames(bundle, (_kind, id) => id !== 2)!;
    t.like(picked, { g: 'g', t: 5, n: 9, to: [2, 3] });
    t.deepEqual(read(picked), [READ[0], READ[2]]);
    t.deepEqual(read(pickFrames(bundle, kind => kind === Kind.VALUE)!), [READ[1]]);
    t.deepEqual(read(pickFrames(bundle, (_kind, _id, index) => index > 0)!), [READ[1], READ[2]]);
    t.is(
      pickFrames(bundle, () => false),
      undefined,
    );
    t.is(parsePacket({ $csc: 1, d: [picked] }, () => t.fail())!.d!.length, 1);
  }
});

test('the frames that match can each be a bundle of their own', t => {
  for (const bundle of [three(), packForBytes(three()), packForJson(three())]) {
    const frames = splitFrames(bundle, (_kind, id) => id !== 1);
    t.deepEqual(frames.map(read), [[READ[1]], [READ[2]]]);
    for (const frame of frames) t.like(frame, { g: 'g', t: 5, n: 9, to: [2, 3] });
    t.deepEqual(
      splitFrames(bundle, () => false),
      [],
    );
  }
});

test('many frames are taken apart in a time that grows with their number, not with its square', t => {
  const open = new BundleBuilder('g', 5);
  for (let i = 0; i < 50_000; i++) open.add(Kind.VALUE, i, '0');
  let asked = 0;
  const frames = splitFrames(open.seal(), () => ++asked > 0);
  t.is(frames.length, 50_000);
  t.is(asked, 50_000);
});

test('the flag of the codec is no part of a kind that is matched', t => {
  const open = new BundleBuilder('g', 5);
  open.add(Kind.VALUE | EXT, 1, '[1]');
  const bundle = open.seal();
  t.deepEqual(
    pickFrames(bundle, kind => kind === Kind.VALUE),
    bundle,
  );
});

test('a bundle weighs what it has, whatever its sender says', t => {
  const open = new BundleBuilder('g', 5);
  open.add(Kind.CALL, 1, `"${'x'.repeat(998)}"`, ['y'.repeat(500), Buffer.alloc(300)]);
  const bundle = open.seal();
  const bytes = bytesOf(bundle);
  t.is(bytes, OVERHEAD_BYTES + FRAME_BYTES + '[]'.length + 1800);
  t.true(bytesOf(packForJson(bundle)) >= bytes);
  t.is(bytesOf({ ...bundle, p: undefined }), bytes - 800);
});

test('a word of the primary is a frame with an id and nothing else', t => {
  const bundle = signal('g', 5, Kind.END, 7);
  t.deepEqual(frameWords([bundle]), ['END 7 0']);
  t.is(parsePacket({ $csc: 1, d: [bundle] }, () => t.fail())!.d![0], bundle);
});

test('calls share what they are about, where it is the same and near', t => {
  const open = new BundleBuilder('g', 5);
  const [first, second] = [
    { method: 'get', deadline: 100 },
    { method: 'get', deadline: 101 },
  ];
  for (const about of [first, second, first, { ...second }]) open.add(Kind.CALL, 1, '[]', undefined, about);
  open.add(Kind.CANCEL, 1, '0');
  const { h, m } = open.seal();
  t.deepEqual(m, ['get', 100, 'get', 101]);
  t.deepEqual(
    h.filter((_, i) => i % 4 === 0),
    [1, 2, 1, 2, 0].map((n, i) => (i < 4 ? Kind.CALL : Kind.CANCEL) + n * ABOUT),
  );
  const far = new BundleBuilder('g', 5);
  for (let i = 0; i < 12; i++) far.add(Kind.CALL, i, '[]', undefined, { method: 'get', deadline: i % 11 });
  t.is(far.callHeaders!.length, 24);
});

test('a call is read with its method and its deadline, and without an end where that is infinite', t => {
  const open = new BundleBuilder('g', 5);
  open.add(Kind.CALL | EXT, 1, '[]', undefined, { method: 'get', deadline: 100 });
  open.add(Kind.PUBLISH | MORE, 2, '[[],"k"]', undefined, { method: 'say', deadline: Number.POSITIVE_INFINITY });
  open.add(Kind.CANCEL, 3, '0');
  for (const bundle of [open.seal(), JSON.parse(JSON.stringify(open.seal())) as Bundle]) {
    const seen: unknown[] = [];
    readFrames(bundle, ({ kind, ext, more, method, deadline }) => seen.push([kind, ext, more, method, deadline]));
    t.deepEqual(seen, [
      [Kind.CALL, true, false, 'get', 100],
      [Kind.PUBLISH, false, true, 'say', Number.POSITIVE_INFINITY],
      [Kind.CANCEL, false, false, undefined, Number.POSITIVE_INFINITY],
    ]);
  }
});

test('what calls are about weighs in, and goes with the same frames for another way', t => {
  const open = new BundleBuilder('g', 5, undefined, 1);
  const before = open.bytes;
  open.add(Kind.CALL, 1, '[]', undefined, { method: 'a'.repeat(100), deadline: 1 });
  t.true(open.bytes > before + 100);
  const bundle = open.seal();
  t.true(bytesOf(bundle) > bytesOf({ ...bundle, m: undefined }) + 100);
  t.deepEqual(open.readdress([2]).seal().m, bundle.m);
});
