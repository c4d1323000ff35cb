// One value of each kind that travels, and whether it arrives the same.

import { isDeepStrictEqual } from 'node:util';

/** @returns what doesn't come back from `echo` as it went, by name */
export async function differingSamples(
  echo: (value: unknown) => Promise<unknown>,
  size: 'small' | 'large',
): Promise<string[]> {
  const differing: string[] = [];
  for (const [name, value] of Object.entries(size === 'small' ? smallSamples() : largeSamples())) {
    const came = await echo(value).catch((error: unknown) => ({ error }));
    if (!isSame(came, value)) differing.push(name);
  }
  return differing;
}

function smallSamples(): Record<string, unknown> {
  const shared = { a: 1 };
  const cycle: { list: unknown[]; self?: unknown } = { list: [shared, shared] };
  cycle.self = cycle;
  return {
    json: { text: 'é\u2028\0', list: [1, null, true, { deep: [[]] }], ['__proto__']: 1 },
    undefined: { list: [undefined, 1], field: undefined },
    alone: undefined,
    numbers: [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0, 2 ** 53],
    bigint: -(2n ** 80n),
    date: new Date(1e12),
    'invalid date': new Date(Number.NaN),
    regexp: /a\/b/giu,
    map: new Map<unknown, unknown>([
      [{ key: 1 }, new Set([1, 'x'])],
      [Number.NaN, new Map()],
    ]),
    buffer: Buffer.from('bytes'),
    arrayBuffer: new Uint8Array([1, 2, 3]).buffer,
    'typed arrays': [new Float64Array([-0, Number.NaN]), new Uint8Array([1]), new BigInt64Array([-1n])],
    error: Object.assign(new RangeError('odd', { cause: new TypeError('why') }), { code: 'EODD', retry: false }),
    cycle,
    url: new URL('http://user@host:81/path?q#h'),
  };
}

function largeSamples(): Record<string, unknown> {
  return {
    buffer: Buffer.alloc(300_000, 7),
    'long text': 'ä'.repeat(400_000),
    'longer text': ['x'.repeat(1_500_000), '€'.repeat(1_100_000)],
    'long text that is no UTF-8': ['\ud800'.repeat(1_200_000), '\udfff'.repeat(20_000), '\ud83d'],
  };
}

function isSame(came: unknown, went: unknown): boolean {
  if (went instanceof Error) return isSameError(came, went);
  // Node 20 finds two of them different.
  if (went instanceof Date) return came instanceof Date && Object.is(came.getTime(), went.getTime());
  if (went instanceof URL) return came instanceof URL && came.href === went.href;
  if (Buffer.isBuffer(went) !== Buffer.isBuffer(came)) return false;
  if (typeof went === 'object' && went !== null && 'self' in went) return isSameCycle(came as typeof went);
  return isDeepStrictEqual(came, went);
}

function isSameError(came: unknown, went: Error): boolean {
  if (!(came instanceof Error) || came.constructor !== went.constructor) return false;
  const isSameCause =
    went.cause === undefined ? came.cause === undefined : isSameError(came.cause, went.cause as Error);
  return isSameCause && came.message === went.message && isDeepStrictEqual({ ...came }, { ...went });
}

function isSameCycle(came: { self: unknown; list?: unknown[] }): boolean {
  return came.self === came && came.list?.[0] === came.list?.[1] && isDeepStrictEqual(came.list?.[0], { a: 1 });
}
