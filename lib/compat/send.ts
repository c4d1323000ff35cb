// Sends the calls of one method to the real client, and decodes the results.

import { accessOf } from '../client/shared.js';
import { afterTurn } from '../utils/after-turn.js';
import { holdCall, type LocalCall, releaseCall } from './by-reference.js';
import type { Invoke } from './delegated.js';
import { renamed } from './error-names.js';
import type { Handle } from './groups.js';
import { decodeResults } from './transcode.js';
import type { Transcode } from './types.js';

interface Way {
  readonly handle: Handle;
  /** The name of the call in the {@link ClientAdapter}. */
  readonly name: string;
  /** The name of the method, as the user knows it. */
  readonly method: string;
  readonly transcode: Transcode;
  /** Encodes the arguments. */
  begin(args: unknown[]): readonly unknown[];
}

/** The same in single mode: arguments, results and errors stay the objects that they are. */
export function createLocalSend({ handle, name, method, begin }: Omit<Way, 'transcode'>): Invoke {
  const access = accessOf(handle);
  return (args, succeed, fail) => {
    const call: LocalCall = { args };
    const number = holdCall(call);
    const failed = (error: unknown) => {
      releaseCall(number);
      fail(call.error ? call.error.value : renamed(error, method));
    };
    const answered = () => {
      releaseCall(number);
      succeed(call.results!);
    };
    try {
      begin(args);
    } catch (error) {
      return afterTurn(() => failed(error));
    }
    access.invokeBack(name, [number], answered, failed);
  };
}

/** Hot, so it creates no promises. The user's code in it may throw: a transcode, or `formatKey`. */
export function createSend({ handle, name, method, transcode, begin }: Way): Invoke {
  const access = accessOf(handle);
  return (args, succeed, fail) => {
    const failed = (error: unknown) => fail(renamed(error, method));
    const answered = (results: unknown) => {
      let decoded: readonly unknown[];
      try {
        decoded = decodeResults(transcode, results);
      } catch (error) {
        return failed(error);
      }
      succeed(decoded);
    };
    let ready: readonly unknown[];
    try {
      ready = begin(args);
    } catch (error) {
      return afterTurn(() => failed(error));
    }
    access.invokeBack(name, ready, answered, failed);
  };
}
