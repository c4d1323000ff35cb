import { constants } from 'node:buffer';
import test from 'ava';
import { MAX_VALUE } from '../../lib/codec/limits.js';
import { pickFrames, splitFrames } from '../../lib/protocol/frames.js';
import type { Bundle, Slice } from '../../lib/protocol/messages.js';
import { unpack } from '../../lib/protocol/pack-parts.js';
import { parsePacket } from '../../lib/protocol/parse.js';
import { MOST_SLICED_BYTES, SLICE_BYTES, SliceReader, SliceWriter } from '../../lib/protocol/slices.js';
import { forSeeds } from '../helpers/unit/random.js';

const bundleOf = (text: string, parts: NonNullable<Bundle['p']> = []): Bundle => ({
  g: 'g',
  t: 5,
  h: [14, 1, text.length + 2, parts.length],
  x: `["${text}"]`,
  ...(parts.length > 0 && { p: parts }),
});

function cutBundle(bundle: Bundle, carriesBytes: boolean): Slice[] {
  const slices: Slice[] = [];
  for (const writer = new SliceWriter(bundle, carriesBytes); writer.bytesLeft > 0; ) slices.push(writer.next());
  return slices;
}

/** What a channel of this kind does to a message. */
const cross = (message: object, carriesBytes: boolean): unknown =>
  carriesBytes ? structuredClone(message) : JSON.parse(JSON.stringify(message));

for (const carriesBytes of [true, false]) {
  const kind = carriesBytes ? 'bytes' : 'JSON';

  test(`a bundle in slices comes whole with the last one, ${kind}`, t => {
    const bundle = bundleOf('x'.repeat(2 * SLICE_BYTES));
    const reader = new SliceReader();
    const came = cutBundle(bundle, carriesBytes).map(
      s => parsePacket(cross({ $csc: 1, s }, carriesBytes), error => t.fail(error.message), { slices: reader })!.d!,
    );
    t.deepEqual(
      came.map(list => list.length),
      [0, 0, 1],
    );
    t.deepEqual(came[2], [bundle]);
  });

  test(`parts, and characters of two halves that a cut may part, come through slices as they were, ${kind}`, t => {
    forSeeds(10, random => {
      const text = 'x'.repeat(SLICE_BYTES - 100 + random.below(200)) + '🦊'.repeat(200);
      const bundle = bundleOf(text, [Buffer.alloc(SLICE_BYTES + random.below(9), 7), 'ü'.repeat(9000)]);
      const reader = new SliceReader();
      let whole: unknown;
      for (const slice of cutBundle(bundle, carriesBytes)) whole = reader.add(cross(slice, carriesBytes) as never);
      const [bytes, string] = unpack(whole as Bundle);
      if ((whole as Bundle).x !== bundle.x || string !== bundle.p![1]) throw new Error('a text came changed');
      if (!Buffer.from(bytes!).equals(bundle.p![0] as Uint8Array)) throw new Error('bytes came changed');
    });
    t.pass();
  });
}

test('slices that make no bundle are one broken frame, and those that follow are good', t => {
  const reader = new SliceReader();
  const broken: string[] = [];
  const come = (s: unknown): readonly Bundle[] =>
    parsePacket({ $csc: 1, s }, error => broken.push(error.message), { slices: reader })!.d!;
  const reports = (...slices: unknown[]) => {
    for (const slice of slices) t.deepEqual(come(slice), []);
    return broken.splice(0);
  };
  t.deepEqual(reports(7), ['A broken frame came: s must be a slice of a bundle.']);
  t.deepEqual(reports({ piece: 7 }, { piece: 'x' }, null).length, 3);
  t.regex(reports({ piece: Buffer.from('no') }).join(), /a slice after the first/);
  for (const head of [7, null, {}, { y: -1 }, { y: 0.5 }, { y: 1, p: 7 }, { y: 1, p: ['x'] }, { y: 1, p: [2 ** 40] }]) {
    t.regex(reports({ head, piece: '' }).join(), /slices of at most 1073741824 bytes in all/);
  }
  t.regex(reports({ head: { y: 1 }, piece: Buffer.from('no') }).join(), /as many bytes as the first says/);
  t.regex(
    reports({ head: { y: 1 }, piece: '' }, { piece: 'AA==' }, { piece: 'AA==' }).join(),
    /bundle\.g .*after the first/,
  );
  t.regex(
    reports({ head: { ...bundleOf('x'), x: '', y: 6 }, piece: Buffer.from('["xx"]') }).join(),
    /bundle\.x must be as long/,
  );
  const good = bundleOf('x', [Buffer.of(7), 'ü']);
  t.deepEqual(come(cutBundle(good, false)[0]), [
    { ...bundleOf('x'), h: good.h, p: [-2, 2], q: Buffer.from([7, 195, 188]) },
  ]);
  t.deepEqual(
    parsePacket({ $csc: 1, s: cutBundle(good, true)[0] }, error => broken.push(error.message))!.d,
    [],
    'nobody can take slices here',
  );
  t.is(broken.length, 1);
});

test('slices without an end are given up before they fill the memory', t => {
  const reader = new SliceReader({ mostBytes: 64 });
  const piece = new Uint8Array(8);
  const head = (y: number) => ({ ...bundleOf(''), x: '', y });
  t.is(reader.add({ head: head(64), piece }), undefined);
  for (let i = 1; i < 7; i++) t.is(reader.add({ piece }), undefined);
  t.is(reader.bytes, 56);
  t.throws(() => reader.add({ piece: Buffer.alloc(9) }), { code: 'ERR_PROTOCOL', message: /as many bytes as/ });
  t.is(reader.bytes, 0);
  t.throws(() => reader.add({ head: head(65), piece }), { code: 'ERR_PROTOCOL', message: /at most 64 bytes/ });
  t.is(reader.add({ head: head(9), piece }), undefined);
  t.is(reader.add({ head: head(8), piece: Buffer.from('["____"]') })!.x, '["____"]', 'a first slice begins anew');
  t.true(MOST_SLICED_BYTES >= 3 * MAX_VALUE, 'what an encoder lets pass arrives');
});

test('a process that passes a bundle on passes its bytes on unread, unless it holds several frames', t => {
  const relay = new SliceReader({ isRelay: true });
  const pass = (bundle: Bundle): Bundle => {
    let whole: Bundle | undefined;
    for (const s of cutBundle(bundle, true))
      [whole] = parsePacket({ $csc: 1, s }, error => t.fail(error.message), { slices: relay })!.d;
    return whole!;
  };
  const open = (bundle: Bundle): Bundle => {
    const reader = new SliceReader();
    return cutBundle(bundle, false)
      .map(slice => reader.add(slice))
      .at(-1)!;
  };
  const one = bundleOf('x', [Buffer.alloc(SLICE_BYTES, 7), 'ü', 'y'.repeat(9000), { b: 'Bw==' }]);
  const passed = pass(one);
  t.is(passed.x, '');
  t.true(
    cutBundle(passed, true).every(({ piece }) => (piece as Uint8Array).buffer === passed.q!.buffer),
    'nothing is copied',
  );
  t.is(
    pickFrames(passed, () => true),
    passed,
  );
  t.is(
    pickFrames(passed, () => false),
    undefined,
  );
  t.deepEqual(
    splitFrames(passed, () => true),
    [passed],
  );
  t.deepEqual(
    splitFrames(passed, () => false),
    [],
  );
  const opened = open(passed);
  t.is(opened.x, one.x);
  t.deepEqual(unpack(opened), [Buffer.alloc(SLICE_BYTES, 7), 'ü', 'y'.repeat(9000), Buffer.of(7)]);
  const two = { g: 'g', t: 5, h: [14, 1, 3, 1, 15, 2, 3, 1], x: '["ü","b"]', p: [Buffer.of(1), Buffer.of(2)] };
  const cut = pass(two);
  t.is(cut.x, two.x, 'several frames may have to be cut');
  t.deepEqual(
    pickFrames(cut, (_kind, id) => id === 2),
    { g: 'g', t: 5, h: [15, 2, 3, 1], x: '["b"]', p: [Buffer.of(2)] },
  );
  t.deepEqual(open(cut), { ...two, p: [-2, -2], q: Buffer.of(1, 2) });
});

test('a text that no string can hold is a broken frame', t => {
  const y = constants.MAX_STRING_LENGTH + 1;
  const piece = new Uint8Array(y);
  // Where it is passed on too: a primary must not have to make a string of it later.
  for (const [isRelay, h] of [
    [false, [14, 1, 1, 0]],
    [true, [14, 1, 1, 0, 14, 2, 1, 0]],
  ] as const) {
    const reader = new SliceReader({ isRelay });
    const head = { ...bundleOf(''), h, x: '', y };
    t.throws(() => reader.add({ head, piece }), { code: 'ERR_PROTOCOL', message: /slices of a bundle, but/ });
    t.is(reader.bytes, 0);
  }
});
