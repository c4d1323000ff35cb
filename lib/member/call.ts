// One call of this process, from the moment it is made until it ends.

import { rejectWhereAwaited } from '../codec/local-stack.js';
import { EXT, Kind } from '../protocol/messages.js';
import type { Part, Payload } from '../protocol/payload.js';
import type { Road } from '../road/road.js';
import type { Expiring } from '../utils/deadlines.js';
import type { Numbered } from '../utils/numbered-table.js';

export type CallKind = typeof Kind.CALL | typeof Kind.PUBLISH | typeof Kind.UNPUBLISH;

/** Signals of the caller that reach the leader: by number, 0 the call's own, n the nth in its arguments. */
export interface CallSignal {
  readonly signal: AbortSignal;
  readonly number: number;
  listener?: () => void;
}

/** Made for every call, so all its fields are set at once, in one order. */
export class Call implements Expiring, Numbered<Call> {
  behind: Call | undefined = undefined;
  before: Expiring | undefined = undefined;
  after: Expiring | undefined = undefined;
  /** The road it was sent on; none while it waits. */
  road: Road | undefined = undefined;
  /** The number of the bundle it travelled in. */
  bundle = 0;
  /** It was in the hands of a leader that was lost: it may have run, wherever it is now. */
  wasLost = false;
  signals: readonly CallSignal[] | undefined = undefined;
  /** With the codec's own flag. */
  readonly wireKind: number;
  readonly text: string;
  readonly parts: readonly Part[] | undefined;
  /** Absolute, in whole ms. */
  readonly deadline: number;

  /**
   * @param method the method, or the key of a sticky publication
   * @param succeed the `resolve` of the promise that was given out, if there's no `onFail`
   */
  constructor(
    kind: CallKind,
    readonly id: number,
    readonly method: string,
    args: Payload,
    sticky: string | undefined,
    /** When it was made, by the clock. */
    readonly madeAt: number,
    readonly timeoutMs: number,
    /** May run twice. */
    public isIdempotent: boolean,
    /** Whose it is. */
    readonly handle: object,
    readonly succeed: (value: unknown) => void,
    private readonly onFail?: (error: unknown) => void,
  ) {
    this.wireKind = args.ext ? kind | EXT : kind;
    this.parts = args.parts;
    this.deadline = Math.ceil(madeAt + timeoutMs);
    const until = this.deadline === Number.POSITIVE_INFINITY ? 'null' : this.deadline;
    const second = sticky === undefined ? 'null' : JSON.stringify(sticky);
    this.text = kind === Kind.CALL ? `[${quote(method)},${until},${args.text}]` : `[${until},${second},${args.text}]`;
  }

  fail(error: unknown): void {
    if (this.onFail) this.onFail(error);
    else this.succeed(rejectWhereAwaited(error));
  }

  /** What it holds in memory while it waits. */
  get bytes(): number {
    let bytes = this.text.length;
    if (this.parts) for (const part of this.parts) bytes += part.length;
    return bytes;
  }
}

/** Arguments with what comes along with them: one more place in the frame, which the codec doesn't see. */
export const withCarrier = (args: Payload, carrier: string): Payload => ({ ...args, text: `${args.text},${carrier}` });

const quoted = new Map<string, string>();

/** A client has few methods, and calls them often; a name made up for each call must not fill the memory. */
function quote(name: string): string {
  let json = quoted.get(name);
  if (json === undefined) {
    json = JSON.stringify(name);
    if (quoted.size < 1000) quoted.set(name, json);
  }
  return json;
}
