// Reads a member's frame: a call's method and arguments, or the reason why a call is cancelled.

import { decodeValue } from '../codec/decode-value.js';
import type { OwnTypes } from '../codec/own-types.js';
import type { SharedClientError } from '../errors/shared-client-error.js';
import { brokenArguments, brokenFrame } from '../errors/value-errors.js';
import { Kind } from '../protocol/bundle.js';
import type { FrameView } from '../protocol/frame-reader.js';
import type { RunningCall } from './running-call.js';

export interface CallArguments {
  /** Encoded. */
  readonly args: unknown;
  /** The key of a sticky publication. */
  readonly key?: unknown;
  /** The carrier from the caller's `inject`. */
  readonly carrier?: unknown;
  readonly isRepeated: boolean;
  readonly isIdempotent: boolean;
}

/** The method that a call names. `publish` and `unpublish` are named by their role. */
export function methodOf({ kind, method }: FrameView): string {
  if (method === undefined) throw brokenFrame('call', 'about a method', 'not-started');
  if (kind === Kind.CALL || kind === Kind.ONEWAY) return method;
  return kind === Kind.PUBLISH ? 'publish' : 'unpublish';
}

export function argumentsOf({ json, more }: FrameView): CallArguments {
  if (!more) return { args: json, isRepeated: false, isIdempotent: false };
  if (!Array.isArray(json)) throw brokenFrame('call', 'a list', 'not-started');
  const [args, key, carrier, again] = json as unknown[];
  return { args, key, carrier: carrier ?? undefined, isRepeated: again === 1, isIdempotent: again === 2 };
}

/**
 * @param owned nothing else reads the parts. False for calls of the leader's own worker, which may be sent again with them
 */
export function decodeArguments(
  args: unknown,
  parts: FrameView['parts'],
  call: RunningCall,
  owned: boolean,
  own: OwnTypes | undefined,
): unknown {
  try {
    return decodeValue(args, true, parts, call, owned, own);
  } catch (error) {
    if ((error as SharedClientError).code === 'ERR_NOT_SERIALIZABLE') throw error;
    throw brokenArguments(error);
  }
}

/** Never throws: if the reason cannot be decoded, the decoding error is the reason. */
export function decodeReason(reason: unknown, parts: FrameView['parts']): unknown {
  try {
    return decodeValue(reason, true, parts);
  } catch (error) {
    return error;
  }
}

export function bytesOfFrame({ length, parts }: FrameView): number {
  let bytes = length;
  if (parts) for (const part of parts) bytes += part.length;
  return bytes;
}
