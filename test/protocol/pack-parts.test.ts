import test from 'ava';
import type { Bundle } from '../../lib/protocol/messages.js';
import {
  areTravellingParts,
  fromPortable,
  packForBytes,
  packForJson,
  partsBytes,
  toPortable,
  unpack,
} from '../../lib/protocol/pack-parts.js';
import type { Part } from '../../lib/protocol/payload.js';
import { forSeeds } from '../helpers/unit/random.js';

const bundle = (...parts: Part[]): Bundle => ({ g: 'g', t: 5, h: [], x: '[]', p: parts });
const LONG = 'x'.repeat(5000);

test('parts arrive as they were, on a channel that carries bytes and on one that carries JSON, and over both', t => {
  const all: readonly Part[][] = [
    ['short', Buffer.from('bytes')],
    [LONG, 'ä'.repeat(3000), '€😀'.repeat(1000), '', Buffer.from(LONG), Buffer.alloc(0), 'end'],
    [Buffer.alloc(100_000, 7), LONG],
    [],
  ];
  for (const parts of all) {
    const routes: ((bundle: Bundle) => Bundle)[] = [
      packForBytes,
      each => JSON.parse(JSON.stringify(packForJson(each))),
      each => packForBytes(JSON.parse(JSON.stringify(packForJson(each)))),
      each => JSON.parse(JSON.stringify(packForJson(packForBytes(each)))),
      each => structuredClone(packForBytes(each)),
      each => packForBytes(packForBytes(each)),
    ];
    for (const route of routes) {
      const travelled = route(bundle(...parts));
      t.deepEqual(
        unpack(travelled).map(part => (typeof part === 'string' ? part : Buffer.from(part))),
        parts,
      );
      t.true(areTravellingParts(travelled.p, travelled.q));
    }
  }
});

test('a bundle without parts travels as it is', t => {
  const bare: Bundle = { g: 'g', t: 5, h: [], x: '[]' };
  t.is(packForBytes(bare), bare);
  t.is(packForJson(bare), bare);
  t.deepEqual(unpack(bare), []);
  t.is(partsBytes(bare), 0);
});

test('a few short strings are not worth a block', t => {
  const small = bundle('a', 'b', Buffer.from('c'));
  t.is(packForBytes(small), small);
});

test('parts weigh what they are, on every channel', t => {
  const given = bundle(LONG, 'ab', Buffer.alloc(3000), Buffer.alloc(100_000));
  t.is(partsBytes(given), 5000 + 2 + 3000 + 100_000);
  t.is(partsBytes(packForBytes(given)), 5000 + 2 + 3000 + 100_000);
  t.is(partsBytes(packForJson(given)), 5000 + 2 + 4000 + 133_336);
});

test('a payload of a control frame travels on any channel', t => {
  const payload = { text: '[12]', ext: true, parts: ['text', Buffer.from('bytes')] };
  const travelled = JSON.parse(JSON.stringify(toPortable(payload)));
  t.deepEqual(fromPortable(travelled), payload);
  const bare = { text: '1', ext: false, parts: undefined };
  t.deepEqual(toPortable(bare), { text: '1', ext: false });
  t.deepEqual(fromPortable(toPortable(bare)), bare);
});

const BROKEN: readonly [title: string, p: unknown, q: unknown][] = [
  ['parts that are no list', 'ab', undefined],
  ['a block without parts', undefined, Buffer.from('a')],
  ['a block that is no bytes', [1], 'a'],
  ['a part of nothing', [null], undefined],
  ['a part of an unknown kind', [true], undefined],
  ['bytes without base64', [{}], undefined],
  ['a length that is none', [0.5], undefined],
  ['a length that leads to nowhere', [Number.MAX_SAFE_INTEGER + 1], undefined],
  ['a string from no block', [1], undefined],
  ['a block that is too long', [1], Buffer.from('ab')],
  ['a block that is too short', [3], Buffer.from('ab')],
  ['bytes that are too long', [-9], Buffer.from('ab')],
];

for (const [title, p, q] of BROKEN) test(`what is broken is seen: ${title}`, t => t.false(areTravellingParts(p, q)));

test('whatever parts there are, they arrive', t => {
  forSeeds(50, (random, log) => {
    const parts = Array.from({ length: random.below(8) }, (): Part => {
      const length = random.pick([0, 1, 100, 3000, 70_000]);
      return random.chance(0.5)
        ? random.pick(['x', 'ä', '€', '😀']).repeat(length)
        : Buffer.alloc(length, random.below(256));
    });
    log.push(parts.map(part => `${typeof part} ${part.length}`).join());
    for (const travelled of [packForBytes(bundle(...parts)), packForJson(packForBytes(bundle(...parts)))]) {
      const arrived = unpack(travelled);
      if (arrived.length !== parts.length) throw new Error('some are missing');
      for (const [i, part] of parts.entries()) {
        if (!Buffer.from(part as string).equals(Buffer.from(arrived[i] as string)))
          throw new Error(`part ${i} differs`);
        if (typeof part !== typeof arrived[i]) throw new Error(`part ${i} is of another type`);
      }
    }
  });
  t.pass();
});
