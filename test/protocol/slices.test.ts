import { serialize } from 'node:v8';
import test from 'ava';
import { MAX_VALUE } from '../../lib/codec/limits.js';
import type { Bundle, Slice } from '../../lib/protocol/messages.js';
import { parsePacket } from '../../lib/protocol/parse.js';
import { MOST_SLICED_BYTES, SLICE_BYTES, SliceReader, SliceWriter } from '../../lib/protocol/slices.js';
import { forSeeds } from '../helpers/unit-random.js';

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
      const { x, p } = whole as Bundle;
      if (x !== bundle.x) throw new Error('the text came changed');
      const [bytes] = p as [Uint8Array | { b: string }];
      const length = bytes instanceof Uint8Array ? bytes.length : Buffer.from(bytes.b, 'base64').length;
      if (length !== (bundle.p![0] as Uint8Array).length) throw new Error('bytes were lost');
    });
    t.pass();
  });
}

test('slices that make no bundle are one broken frame, and those that follow are good', t => {
  const reader = new SliceReader();
  const broken: string[] = [];
  const come = (s: unknown) => parsePacket({ $csc: 1, s }, error => broken.push(error.message), { slices: reader })!.d!;
  const reports = (...slices: unknown[]) => {
    for (const slice of slices) t.deepEqual(come(slice), []);
    return broken.splice(0);
  };
  t.deepEqual(reports(7), ['A broken frame came: s must be a slice of a bundle.']);
  t.deepEqual(reports({ piece: 7, isLast: true }, { piece: 'x' }, null).length, 3);
  t.regex(reports({ piece: '{"g":', isLast: false }, { piece: '!}', isLast: true }).join(), /slices of a bundle, but/);
  t.regex(reports({ piece: Buffer.from('no'), isLast: true }).join(), /slices of a bundle, but/);
  t.regex(reports({ piece: serialize({ g: 7 }), isLast: true }).join(), /bundle\.g must be a group name/);
  t.regex(reports({ piece: serialize(7), isLast: true }).join(), /d must be a list of objects/);
  const good = bundleOf('x');
  t.deepEqual(come({ piece: serialize(good).toString('base64'), isLast: true }), [good]);
  t.deepEqual(
    parsePacket({ $csc: 1, s: { piece: serialize({}), isLast: true } }, error => broken.push(error.message))!.d,
    [],
    'nobody can take slices here',
  );
  t.is(broken.length, 1);
});

test('slices without an end are given up before they fill the memory', t => {
  const reader = new SliceReader(64);
  const piece = new Uint8Array(8);
  for (let i = 0; i < 8; i++) t.is(reader.add({ piece, isLast: false }), undefined);
  t.is(reader.bytes, 64);
  t.throws(() => reader.add({ piece, isLast: false }), { code: 'ERR_PROTOCOL', message: /at most 64 bytes/ });
  t.is(reader.bytes, 0);
  t.deepEqual(reader.add({ piece: serialize([1]), isLast: true }), [1]);
  t.true(MOST_SLICED_BYTES >= 3 * MAX_VALUE, 'what an encoder lets pass arrives');
});
