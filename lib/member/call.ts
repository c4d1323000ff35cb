// One call of this process, from its creation until it ends.

import { rejectWhereAwaited } from '../codec/local-stack.js';
import { EXT, type Kind, MORE, ONE } from '../protocol/bundle.js';
import { type About, bytesOfAbout } from '../protocol/frames.js';
import type { Part } from '../protocol/payload.js';
import type { Route } from '../route/route.js';
import { DEFAULT_WINDOW } from '../streams/credit.js';
import type { ItemReader } from '../streams/item-reader.js';
import type { RemoteStream } from '../streams/remote-stream.js';
import { type AsyncContext, captureContext } from '../utils/async-context.js';
import type { Expiring } from '../utils/deadlines.js';
import type { Numbered } from '../utils/numbered-table.js';
import type { Arguments } from './arguments.js';

export type CallKind = typeof Kind.CALL | typeof Kind.PUBLISH | typeof Kind.UNPUBLISH | typeof Kind.ONEWAY;

/** A signal of the caller that is forwarded to the leader: number 0 is the call's own, n is the nth in its arguments. */
export interface CallSignal {
  readonly signal: AbortSignal;
  readonly number: number;
  listener?: () => void;
}

/** The client whose handle made a call. */
export interface CallOwner {
  readonly isClosed: boolean;
  /** Receives errors that no promise reports. */
  error(error: unknown): void;
}

/** One is created for every call, so all fields are set at once and in one order. */
export class Call implements About, Expiring, Numbered<Call> {
  behind: Call | undefined = undefined;
  before: Expiring | undefined = undefined;
  after: Expiring | undefined = undefined;
  /** The route it was sent on; undefined while it waits. */
  route: Route | undefined = undefined;
  /** The number of the bundle that contains it. */
  bundle = 0;
  /** It was sent to a leader that was lost. It may have run there, whatever happens to it now. */
  wasLost = false;
  /** A repeated sticky publication: no caller waits for it. */
  readonly isRepeated: boolean;
  /** The last term whose leader had the call when the term ended, or when the call ended without an answer. */
  lostIn = 0;
  /**
   * Leaders that were lost while they had the call. From the second on, only leaders that had confirmed that the call begins
   * are counted.
   */
  losses = 0;
  /** The last term in which its leader confirmed that the call begins. */
  begunIn = 0;
  /** Too many leaders were lost with it. It is not sent again. */
  isGivenUp = false;
  /** The promise that its caller received. */
  promise: Promise<unknown> | undefined = undefined;
  /** It ran, but its result was dropped: the queue was full, or the result could not be sent. */
  hasRun = false;
  signals: readonly CallSignal[] | undefined = undefined;
  /** Its result, where that is a stream. */
  stream: ItemReader | undefined = undefined;
  /** Items of its result that may wait here. */
  window = DEFAULT_WINDOW;
  /** The streams in its arguments, by id. */
  inputs: ReadonlyMap<number, object> | undefined = undefined;
  /** Items of a stream in its arguments were sent, or its result is a stream: it is never sent again. */
  hasStreamed = false;
  /** The context of the code that made the call. If the leader is in this process, the method runs in it. */
  context: AsyncContext = captureContext();
  /** Includes the codec's flags. */
  readonly wireKind: number;
  readonly text: string;
  readonly parts: readonly Part[] | undefined;
  /** Absolute time, in whole ms. */
  readonly deadline: number;

  /**
   * @param sticky the key of a sticky publication
   * @param succeed the `resolve` of the promise that the caller received, if there is no `onFail`
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
    /** Whether it may run twice. */
    public isIdempotent: boolean,
    readonly handle: CallOwner,
    public succeed: (value: unknown) => void,
    private onFail?: (error: unknown) => void,
  ) {
    this.isRepeated = args.isRepeated === true;
    const hasMore = sticky !== undefined || args.carrier !== undefined || args.isIdempotent === true;
    this.wireKind = kind + (args.ext ? EXT : 0) + (args.isOne ? ONE : 0) + (hasMore ? MORE : 0);
    this.text = hasMore ? withMore(args, sticky) : args.text;
    this.parts = args.parts;
    this.deadline = Math.ceil(madeAt + timeoutMs);
  }

  /**
   * Its result is a stream. Nothing here keeps that alive, so that it is ended where nobody holds it. How the stream ends is
   * reported to its reader alone.
   */
  open(stream: RemoteStream): void {
    this.hasStreamed = true;
    this.succeed(stream);
    this.succeed = undefined as never;
    this.onFail = undefined;
    this.promise = undefined;
  }

  /** It is the next attempt of a call that failed: a leader that is lost with that one may be lost with this one too. */
  suspectAs({ losses, lostIn, begunIn }: Call): void {
    this.losses = losses;
    this.lostIn = lostIn;
    this.begunIn = begunIn;
  }

  fail(error: unknown): void {
    if (this.stream) return this.stream.end({ error });
    if (this.onFail) return this.onFail(error);
    if (isChain(error)) this.#reportChain(error);
    this.succeed(rejectWhereAwaited(error));
  }

  /**
   * The first link of a chain such as `deleteMany().where(...)`: its caller already has a TypeError, and nobody awaits the
   * promise. Its rejection must not end the process.
   */
  #reportChain(error: unknown): void {
    this.promise?.catch(() => {});
    this.handle.error(error);
  }

  /** Bytes of memory that it uses while it waits. */
  get bytes(): number {
    let bytes = bytesOfAbout(this.method) + this.text.length;
    if (this.parts) for (const part of this.parts) bytes += part.length;
    return bytes;
  }
}

const isChain = (error: unknown): boolean => (error as { chain?: unknown } | undefined)?.chain === true;

function withMore({ text, carrier, isRepeated, isIdempotent }: Arguments, sticky: string | undefined): string {
  const key = sticky === undefined ? 'null' : JSON.stringify(sticky);
  if (isRepeated || isIdempotent) return `[${text},${key},${carrier ?? 'null'},${isRepeated ? 1 : 2}]`;
  return carrier === undefined ? `[${text},${key}]` : `[${text},${key},${carrier}]`;
}
