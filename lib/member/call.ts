// One call of this process, from the moment it is made until it ends.

import { encodeValue, type SignalWriter } from '../codec/encode-value.js';
import { isLenient } from '../codec/lenient.js';
import { rejectWhereAwaited } from '../codec/local-stack.js';
import type { OwnTypes } from '../codec/own-types.js';
import { EXT, type Kind, MORE, ONE } from '../protocol/bundle.js';
import { type About, bytesOfAbout } from '../protocol/frames.js';
import type { Part, Payload } from '../protocol/payload.js';
import type { Route } from '../route/route.js';
import { type AsyncContext, captureContext } from '../utils/async-context.js';
import type { Expiring } from '../utils/deadlines.js';
import type { Numbered } from '../utils/numbered-table.js';

export type CallKind = typeof Kind.CALL | typeof Kind.PUBLISH | typeof Kind.UNPUBLISH | typeof Kind.ONEWAY;

/** Signals of the caller that reach the leader: by number, 0 the call's own, n the nth in its arguments. */
export interface CallSignal {
  readonly signal: AbortSignal;
  readonly number: number;
  listener?: () => void;
}

/** Whose a call is. */
export interface CallOwner {
  /** What no promise tells. */
  error(error: unknown): void;
}

/** Made for every call, so all its fields are set at once, in one order. */
export class Call implements About, Expiring, Numbered<Call> {
  behind: Call | undefined = undefined;
  before: Expiring | undefined = undefined;
  after: Expiring | undefined = undefined;
  /** The route it was sent on; none while it waits. */
  route: Route | undefined = undefined;
  /** The number of the bundle it travelled in. */
  bundle = 0;
  /** It was in the hands of a leader that was lost: it may have run, wherever it is now. */
  wasLost = false;
  /** Nobody waits for it. */
  readonly isRepeated: boolean;
  /** The last term that ended with it in its leader's hands. */
  lostIn = 0;
  /** Leaders that were lost while it was in their hands; from the second on they had said that it begins. */
  losses = 0;
  /** The last term in which its leader said so. */
  begunIn = 0;
  /** It cost too many leaders, and is not sent again. */
  isGivenUp = false;
  /** What its caller was given. */
  promise: Promise<unknown> | undefined = undefined;
  /** It ran, but there was no room for its result. */
  hasRun = false;
  signals: readonly CallSignal[] | undefined = undefined;
  /** Of the code that made it: where the leader is in this process, its method runs there. */
  context: AsyncContext = captureContext();
  /** With the codec's own flag. */
  readonly wireKind: number;
  readonly text: string;
  readonly parts: readonly Part[] | undefined;
  /** Absolute, in whole ms. */
  readonly deadline: number;

  /**
   * @param sticky the key of a sticky publication
   * @param succeed the `resolve` of the promise that was given out, if there's no `onFail`
   */
  constructor(
    kind: CallKind,
    readonly id: number,
    readonly method: string,
    args: Arguments,
    readonly sticky: string | undefined,
    /** When it was made, by the clock. */
    readonly madeAt: number,
    readonly timeoutMs: number,
    /** May run twice. */
    public isIdempotent: boolean,
    /** Whose it is. */
    readonly handle: CallOwner,
    readonly succeed: (value: unknown) => void,
    private readonly onFail?: (error: unknown) => void,
  ) {
    this.isRepeated = args.isRepeated === true;
    const hasMore = sticky !== undefined || args.carrier !== undefined;
    this.wireKind = kind + (args.ext ? EXT : 0) + (args.isOne ? ONE : 0) + (hasMore ? MORE : 0);
    this.text = hasMore ? withMore(args, sticky) : args.text;
    this.parts = args.parts;
    this.deadline = Math.ceil(madeAt + timeoutMs);
  }

  fail(error: unknown): void {
    if (this.onFail) return this.onFail(error);
    if (isChain(error)) this.#reportChain(error);
    this.succeed(rejectWhereAwaited(error));
  }

  /**
   * The first link of a chain such as `deleteMany().where(...)`: its caller already has a TypeError, and the promise is nobody's. It
   * must not end the process.
   */
  #reportChain(error: unknown): void {
    this.promise?.catch(() => {});
    this.handle.error(error);
  }

  /** What it holds in memory while it waits. */
  get bytes(): number {
    let bytes = bytesOfAbout(this.method) + this.text.length;
    if (this.parts) for (const part of this.parts) bytes += part.length;
    return bytes;
  }
}

const isChain = (error: unknown): boolean => (error as { chain?: unknown } | undefined)?.chain === true;

/** Arguments, encoded. */
export interface Arguments extends Payload {
  /** It is one, without the list around it, which would cost as much as a small value in it. */
  readonly isOne: boolean;
  /** What comes along with them as JSON, which the codec doesn't see. */
  readonly carrier?: string;
  /** Of a sticky publication that is repeated: it has no deadline, the leader limits it. */
  readonly isRepeated?: boolean;
}

/** @param signals as that of `encodeValue` */
export function encodeArguments(args: readonly unknown[], signals: SignalWriter, own?: OwnTypes): Arguments {
  // What a list says of all that is in it would be lost without it.
  const isOne = args.length === 1 && !isLenient(args);
  const { text, ext, parts } = isOne
    ? encodeValue(args[0], 'args[0]', signals, undefined, own)
    : encodeValue(args, 'args', signals, undefined, own);
  return { text, ext, parts, isOne };
}

function withMore({ text, carrier, isRepeated }: Arguments, sticky: string | undefined): string {
  const key = sticky === undefined ? 'null' : JSON.stringify(sticky);
  if (isRepeated) return `[${text},${key},${carrier ?? 'null'},1]`;
  return carrier === undefined ? `[${text},${key}]` : `[${text},${key},${carrier}]`;
}
