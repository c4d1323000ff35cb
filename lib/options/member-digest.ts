// A member's options as text that can be compared between processes. Created in workers, compared in the primary.

import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { MEMBER_TABLE } from './client-table.js';
import type { MemberOptions } from './member-options.js';

type Digest = Record<string, unknown>;

interface Digested {
  readonly default: unknown;
  readonly digest?: (value: unknown) => unknown;
}

const ROWS = Object.entries(MEMBER_TABLE) as readonly (readonly [keyof typeof MEMBER_TABLE, Digested])[];

/**
 * Equal for equal options in two processes. Contains only a hash of the arguments, because they may hold secrets, and that
 * only if they are JSON.
 */
export function memberDigest(options: MemberOptions): string {
  const { definition } = options;
  const digest: Digest =
    definition.kind === 'class'
      ? { class: definition.Class.name, args: hashOf(definition.args) }
      : { open: true, close: definition.close && true };
  for (const [option, row] of ROWS) {
    if (!isDeepStrictEqual(options[option], row.default)) digest[option] = row.digest?.(options[option]);
  }
  return JSON.stringify(digest);
}

/** Separates a digest from the hash of the arguments, with which a reader could check guesses of the arguments. */
export function withoutArgs(text: string): { readonly digest: string; readonly args: string | undefined } {
  const { args, ...rest } = read(text) ?? {};
  return typeof args === 'string' ? { digest: JSON.stringify(rest), args } : { digest: text, args: undefined };
}

/** The first option in which two digests differ; `'options'` if this release can't read one of them. */
export function digestDifference(a: string, b: string): string | undefined {
  if (a === b) return undefined;
  const [first, second] = [read(a), read(b)];
  if (!first || !second) return 'options';
  return Object.keys({ ...first, ...second }).find(
    option => !isDeepStrictEqual(own(first, option), own(second, option)),
  );
}

/** A digest may contain the key `__proto__`, which every object inherits. */
const own = (digest: Digest, option: string): unknown => (Object.hasOwn(digest, option) ? digest[option] : undefined);

/** A short hash of the arguments; `undefined` if there are none, `'?'` if they are not JSON. */
function hashOf(args: readonly unknown[]): string | undefined {
  if (args.length === 0) return undefined;
  try {
    const json = JSON.stringify(args, (_key, value) => (isRecord(value) ? sorted(value) : value));
    if (isDeepStrictEqual(JSON.parse(json), args)) {
      return createHash('sha256').update(json).digest('hex').slice(0, 16);
    }
  } catch {
    // A cycle, a BigInt, or a getter that throws: not JSON.
  }
  return '?';
}

function isRecord(value: unknown): value is Digest {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function sorted(record: Digest): Digest {
  return Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function read(text: string): Digest | undefined {
  try {
    const digest: unknown = JSON.parse(text);
    return isRecord(digest) ? digest : undefined;
  } catch {
    return undefined;
  }
}
