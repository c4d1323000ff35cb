// Tables of good and bad values that several tests of options share.

import type { ExecutionContext } from 'ava';
import { SharedClientError } from '../lib/errors/shared-client-error.js';

export const LONGEST_MS = 2 ** 31 - 1;

export const GOOD_MS = [1, 1.5, 500, LONGEST_MS, Number.POSITIVE_INFINITY];
export const BAD_MS = [0, 0.5, -1, LONGEST_MS + 1, Number.NEGATIVE_INFINITY, Number.NaN, '500', 500n, null, true, {}];

export const GOOD_FLAGS = [true, false];
export const BAD_FLAGS = [0, 1, 'true', null, {}];

export const BAD_FUNCTIONS = [null, 1, 'f', {}, []];
export const BAD_WORDS = ['', 'no such word', 'toString', 1, null, ['last']];

/** Checks that `run` is refused with an error that names the option and has all of `words` in its text. */
export function refuses(t: ExecutionContext, run: () => unknown, ...words: string[]): void {
  const error = t.throws(run, { instanceOf: SharedClientError, code: 'ERR_INVALID_OPTION' });
  for (const word of words) t.true(error?.message.includes(word), `${error?.message} should have ${word} in it`);
}
