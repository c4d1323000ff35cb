// One call of this process, from the moment it is made until it ends.

import { EXT, Kind } from '../protocol/messages.js';
import type { Part, Payload } from '../protocol/payload.js';
import type { Road } from '../road/road.js';
import type { Expiring } from '../utils/deadlines.js';

/** What happens to a call, told to whoever made it. */
export interface CallOwner {
  succeed(value: unknown): void;
  fail(error: unknown): void;
}

/** Signals of the caller that reach the leader: by number, 0 the call's own. */
export interface CallSignal {
  readonly signal: AbortSignal;
  readonly number: number;
  listener?: () => void;
}

export interface CallRequest {
  readonly kind: typeof Kind.CALL | typeof Kind.PUBLISH | typeof Kind.UNPUBLISH;
  readonly id: number;
  /** For the texts of errors. */
  readonly method: string;
  readonly args: Payload;
  /** The second value of a publication. */
  readonly sticky?: string;
  readonly deadline: number;
  readonly timeoutMs: number;
  /** May run twice. */
  readonly isIdempotent: boolean;
  readonly signals?: readonly CallSignal[];
  readonly owner: CallOwner;
  readonly handle: object;
  /** Where it was made; the stack is only read if it fails. */
  readonly trace?: { readonly stack?: string };
}

export class Call implements Expiring {
  before: Expiring | undefined = undefined;
  after: Expiring | undefined = undefined;
  /** The road it was sent on; none while it waits. */
  road: Road | undefined = undefined;
  /** The number of the bundle it travelled in. */
  bundle = 0;
  isIdempotent: boolean;
  readonly kind: number;
  readonly id: number;
  readonly deadline: number;
  readonly timeoutMs: number;
  readonly text: string;
  readonly parts: readonly Part[] | undefined;

  constructor(
    readonly request: CallRequest,
    private readonly onExpire: (call: Call) => void,
  ) {
    this.id = request.id;
    this.kind = request.args.ext ? request.kind | EXT : request.kind;
    this.isIdempotent = request.isIdempotent;
    this.deadline = request.deadline;
    this.timeoutMs = request.timeoutMs;
    this.text = textOf(request);
    this.parts = request.args.parts;
  }

  /** What it holds in memory while it waits. */
  get bytes(): number {
    let bytes = this.text.length;
    if (this.parts) for (const part of this.parts) bytes += part.length;
    return bytes;
  }

  expire(): void {
    this.onExpire(this);
  }
}

function textOf({ kind, method, sticky, deadline, args }: CallRequest): string {
  const until = Number.isFinite(deadline) ? deadline : 'null';
  if (kind === Kind.CALL) return `[${JSON.stringify(method)},${until},${args.text}]`;
  const key = sticky === undefined ? 'null' : JSON.stringify(sticky);
  return `[${until},${key},${args.text}]`;
}
