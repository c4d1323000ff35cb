// The arguments of a call, encoded, with the signals and streams in them.

import { encodeValue, type SignalWriter } from '../codec/encode-value.js';
import { isLenient } from '../codec/lenient.js';
import type { OwnTypes } from '../codec/own-types.js';
import { nextNumber } from '../protocol/ids.js';
import type { Payload } from '../protocol/payload.js';

export interface Arguments extends Payload {
  /** A single argument is encoded without the enclosing list, which would cost as much as a small value. */
  readonly isOne: boolean;
  /** JSON that is sent along with the arguments and that the codec does not read. */
  readonly carrier?: string;
  /** A repeated sticky publication. It has no deadline; the leader limits it. */
  readonly isRepeated?: boolean;
  /** The call may run twice, and its leader has to know: it passes calls on. */
  readonly isIdempotent?: boolean;
}

/** The signals in the arguments that were encoded last. */
let signals: AbortSignal[] | undefined;

/** The streams in the arguments that were encoded last, by id. */
let streams: Map<number, object> | undefined;

/** Shared by all calls, because encoding is synchronous. */
const collector: SignalWriter = {
  argumentDepth: 0,
  addStream(stream) {
    streams ??= new Map();
    const id = nextNumber();
    streams.set(id, stream);
    return id;
  },
  add(signal) {
    signals ??= [];
    return signals.push(signal);
  },
};

/** Hot. {@link foundInArguments} has the signals and streams, until the next call. */
export function encodeArguments(args: readonly unknown[], own?: OwnTypes): Arguments {
  signals = undefined;
  streams = undefined;
  // A lenient list has to be sent itself: its mark applies to everything in it.
  const isOne = args.length === 1 && !isLenient(args);
  collector.argumentDepth = isOne ? 0 : 1;
  const { text, ext, parts } = isOne
    ? encodeValue(args[0], 'args[0]', collector, undefined, own)
    : encodeValue(args, 'args', collector, undefined, own);
  return { text, ext, parts, isOne };
}

export const signalsInArguments = (): readonly AbortSignal[] | undefined => signals;
export const streamsInArguments = (): ReadonlyMap<number, object> | undefined => streams;
