// Any value of the list in lib/codec/README.md comes back as it went, whatever the channel; and what nobody encoded is refused, never thrown on.

import { isDeepStrictEqual } from 'node:util';
import test from 'ava';
import fc from 'fast-check';
import { canonicalKey } from '../../lib/codec/canonical-key.js';
import { decodeError } from '../../lib/codec/decode-error.js';
import { decodeValue } from '../../lib/codec/decode-value.js';
import { SharedClientError } from '../../lib/errors/shared-client-error.js';
import type { Part } from '../../lib/protocol/payload.js';
import { CHANNELS, travel } from './round-trip.js';

const ERRORS = [Error, TypeError, RangeError, SyntaxError, EvalError, ReferenceError, URIError];

/** With lone surrogates, controls and names that objects have anyway. */
const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.constantFrom('__proto__', 'constructor', 'toJSON', 'then', '', '\ud800', '\u2028', '\0', 'x'.repeat(600)),
);

const error = fc
  .record({ kind: fc.constantFrom(...ERRORS), message: text, code: fc.option(text), retry: fc.option(fc.boolean()) })
  .map(({ kind: Kind, message, code, retry }) =>
    Object.assign(new Kind(message), code !== null && { code }, retry !== null && { retry }),
  );

const leaf = fc.oneof(
  { weight: 3, arbitrary: text },
  { weight: 3, arbitrary: fc.double() },
  fc.integer(),
  fc.constantFrom(null, undefined, true, false, Number.NaN, -0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY),
  fc.bigInt(),
  fc.date({ noInvalidDate: true }),
  fc.constantFrom(/a\/b/giu, /(?<x>.)\n/su),
  fc.webUrl({ withFragments: true, withQueryParameters: true }).map(url => new URL(url)),
  fc.uint8Array().map(bytes => Buffer.from(bytes)),
  fc.uint8Array(),
  fc.uint8Array().map(bytes => bytes.slice().buffer),
  fc.float64Array(),
  fc.int16Array(),
  fc.bigInt64Array(),
  error,
);

/** Assigned, `__proto__` would be no property. */
const toObject = (entries: readonly (readonly [string, unknown])[]): object =>
  Object.defineProperties(
    {},
    Object.fromEntries(
      entries.map(([key, value]) => [key, { value, enumerable: true, configurable: true, writable: true }]),
    ),
  );

const { value } = fc.letrec<{ value: unknown }>(tie => ({
  value: fc.oneof(
    { maxDepth: 4, depthSize: 'small' },
    leaf,
    fc.array(tie('value'), { maxLength: 5 }),
    fc.sparseArray(tie('value'), { maxNumElements: 4, maxLength: 8 }),
    fc.array(fc.tuple(text, tie('value')), { maxLength: 5 }).map(toObject),
    fc.array(fc.tuple(tie('value'), tie('value')), { maxLength: 4 }).map(entries => new Map(entries)),
    fc.array(tie('value'), { maxLength: 4 }).map(items => new Set(items)),
    // Shared, and a cycle.
    tie('value').map(shared => [shared, { shared }, shared]),
    tie('value').map(inside => {
      const cycle: { inside: unknown; self?: unknown } = { inside };
      cycle.self = cycle;
      return cycle;
    }),
  ),
}));

for (const channel of Object.keys(CHANNELS) as (keyof typeof CHANNELS)[]) {
  test(`any value that travels comes back as it went, ${channel}`, t => {
    fc.assert(
      fc.property(value, went => {
        const came = travel(went, channel);
        return isDeepStrictEqual(came, went) && isDeepStrictEqual(travel(came, channel), went);
      }),
      { numRuns: 800 },
    );
    t.pass();
  });
}

test('a topic has the same key on the other side, and another value has another one', t => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 3 }), fc.jsonValue({ maxDepth: 3 }), (a, b) => {
      t.is(canonicalKey(a, 'topic'), canonicalKey(travel(a), 'topic'));
      return (canonicalKey(a, 'topic') === canonicalKey(b, 'topic')) === isDeepStrictEqual(a, b);
    }),
  );
});

const parts = fc.array(fc.oneof(fc.string(), fc.uint8Array()), { maxLength: 4 }) as fc.Arbitrary<Part[]>;
/** As the tagged form begins, with numbers for tags. */
const tagged = fc.array(fc.oneof(fc.integer({ min: -2, max: 60 }), fc.jsonValue({ maxDepth: 3 })), { maxLength: 6 });

test('what no encoder wrote is refused with a coded error, as a value and as an error', t => {
  const isRefused = (decode: () => unknown): boolean => {
    try {
      decode();
      return true;
    } catch (thrown) {
      return thrown instanceof SharedClientError && ['ERR_PROTOCOL', 'ERR_NOT_SERIALIZABLE'].includes(thrown.code);
    }
  };
  const copy = (json: unknown) => JSON.parse(JSON.stringify(json)) as unknown;
  fc.assert(
    fc.property(fc.oneof(tagged, fc.jsonValue()), parts, fc.boolean(), (json, given, ext) => {
      t.true(isRefused(() => decodeValue(copy(json), true, given)));
      return isRefused(() => decodeError(copy(json), ext, given));
    }),
    { numRuns: 2000 },
  );
});
