// Whatever comes over a channel, nothing throws: not the parser, nor what reads the frames it let in, nor the primary.

import test from 'ava';
import fc from 'fast-check';
import { bytesOf, pickFrames, readFrames, splitFrames } from '../../lib/protocol/frames.js';
import { type Bundle, MARKER } from '../../lib/protocol/messages.js';
import { parsePacket } from '../../lib/protocol/parse.js';
import { UnitPrimary } from '../helpers/unit/primary.js';

const NAMES = [
  'hello',
  'join',
  'leave',
  'heartbeat',
  'ready',
  'prepared',
  'yield',
  'resign',
  'welcome',
  'update',
  'ack',
];

const count = fc.oneof(
  { weight: 8, arbitrary: fc.nat({ max: 40 }) },
  { weight: 4, arbitrary: fc.constantFrom(1e12, 1e12 + 1) },
  fc.constantFrom(-1, 1.5, 2 ** 53),
);
const name = fc.constantFrom('g', 'g', 'h', '__proto__', 'constructor', '', 'a\nb');

const seldom = <T>(arbitrary: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 6, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary });

/** Shaped as a control frame, with some fields of another kind. */
const control = fc.record(
  {
    k: fc.oneof(fc.constantFrom(...NAMES), fc.anything({ maxDepth: 1 })),
    group: fc.oneof(name, fc.anything({ maxDepth: 1 })),
    term: fc.oneof(count, fc.anything({ maxDepth: 1 })),
    n: count,
    id: fc.oneof(fc.string(), count),
    pid: count,
    versions: fc.oneof(fc.constant([1]), fc.array(count)),
    methods: fc.oneof(fc.constant(['get']), fc.anything({ maxDepth: 2 })),
    eligible: fc.oneof(fc.boolean(), fc.anything({ maxDepth: 0 })),
    priority: fc.oneof(fc.double(), fc.constant(0)),
    handover: fc.constantFrom('exclusive', 'overlap', 'other'),
    digest: fc.oneof(fc.string(), fc.json()),
    cause: fc.constantFrom('resigned', 'failed', 'broken', 'odd'),
    error: fc.oneof(fc.constant(undefined), fc.record({ text: fc.json(), ext: fc.boolean() })),
  },
  { requiredKeys: ['k'] },
);

/** Shaped as a bundle: its head says the truth, mostly. */
const bundle = fc
  .record({
    g: name,
    t: count,
    n: fc.option(count, { nil: undefined }),
    f: fc.option(count, { nil: undefined }),
    to: fc.option(fc.oneof(fc.constant('*'), fc.array(count)), { nil: undefined }),
    frames: fc.array(
      fc.tuple(
        fc.constantFrom(1, 2, 3, 4, 5, 6, 10, 11, 12, 14, 16, 18, 20, 30, 31, 65, 99),
        count,
        fc.oneof(fc.json(), fc.string()),
      ),
    ),
    lie: seldom(fc.integer()),
    p: seldom(
      fc.array(fc.oneof(fc.string(), fc.integer({ min: -9, max: 9 }), fc.uint8Array(), fc.constant({ b: '!' }))),
    ),
    q: seldom(fc.uint8Array()),
  })
  .map(({ frames, lie, p, q, ...envelope }) => ({
    ...envelope,
    h: frames.flatMap(([kind, id, text], i) => [
      kind,
      id,
      text.length + (i === 0 ? (lie ?? 0) : 0),
      i === 0 ? (p?.length ?? 0) : 0,
    ]),
    x: `[${frames.map(([, , text]) => text).join(',')}]`,
    p,
    q,
  }));

const packet = fc.record({
  [MARKER]: fc.oneof({ weight: 5, arbitrary: fc.constant(1) }, fc.anything()),
  c: fc.option(fc.oneof({ weight: 5, arbitrary: fc.array(fc.oneof(control, fc.anything())) }, fc.anything()), {
    nil: undefined,
  }),
  d: fc.option(fc.oneof({ weight: 5, arbitrary: fc.array(fc.oneof(bundle, fc.anything())) }, fc.anything()), {
    nil: undefined,
  }),
});

test('no message makes the parser throw, nor what reads the frames that it let in', t => {
  let seen = 0;
  fc.assert(
    fc.property(fc.oneof({ weight: 4, arbitrary: packet }, fc.anything()), message => {
      const parsed = parsePacket(message, () => {});
      for (const one of parsed?.d ?? []) seen += readAll(one);
    }),
    { numRuns: 1500 },
  );
  t.true(seen > 100, `only ${seen} frames were let in`);
});

test('no message of a worker makes the primary throw, whatever role the worker has', t => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.constantFrom(1, 2, 3), packet), { maxLength: 12 }), messages => {
      const primary = new UnitPrimary();
      primary.join(1, 'g', 'h');
      primary.join(2, 'g');
      primary.lead(1);
      for (const [from, message] of messages) primary.receive(from, message);
      for (const id of [1, 2, 3]) {
        primary.closed(id);
        primary.exited(id);
      }
      primary.clock.advance(10_000);
      return primary.router.groups.size === 0 && primary.router.workers.size === 0;
    }),
    { numRuns: 400 },
  );
  t.pass();
});

/** @returns how many frames it holds */
function readAll(one: Bundle): number {
  const isEven = (_kind: number, id: number) => id % 2 === 0;
  pickFrames(one, isEven);
  splitFrames(one, isEven);
  bytesOf(one);
  try {
    readFrames(one, frame => void frame.payload());
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  return one.h.length / 4;
}
