// Publications that are said again to every new leader, the newest under each key.

import { SharedClientError } from '../errors.js';
import { Kind } from '../protocol/messages.js';
import { nextNumber } from '../protocol/ids.js';
import type { Payload } from '../protocol/payload.js';
import type { Call, CallOwner, CallRequest } from './call.js';
import type { Calls } from './calls.js';

interface Sticky {
  readonly args: Payload;
  readonly handle: object;
  /** Said and not yet taken: while it is under way, it isn't said again beside itself. */
  call: Call | undefined;
  /** What goes wrong when it is said again. */
  onError(error: unknown): void;
}

export interface StickiesOptions {
  readonly calls: Calls;
  readonly timeoutMs: number;
  now(): number;
}

export class Stickies {
  readonly #stickies = new Map<string, Sticky>();

  constructor(private readonly options: StickiesOptions) {}

  get size(): number {
    return this.#stickies.size;
  }

  /** Says it now and to every leader to come, in place of what was said under the key before. */
  publish(key: string, request: CallRequest, onError: (error: unknown) => void): void {
    const sticky: Sticky = { args: request.args, handle: request.handle, call: undefined, onError };
    this.#supersede(key);
    this.#stickies.set(key, sticky);
    this.#say(sticky, request, error => {
      // Refused by the real client, or never sent: there is nothing to repeat.
      if (this.#stickies.get(key) === sticky && !(error instanceof SharedClientError)) this.#stickies.delete(key);
    });
  }

  /** Ends it; `undefined` where nothing is said under the key. */
  unpublish(key: string): Payload | undefined {
    const sticky = this.#stickies.get(key);
    this.#supersede(key);
    this.#stickies.delete(key);
    return sticky?.args;
  }

  keysOf(handle: object): string[] {
    return [...this.#stickies].filter(([, sticky]) => sticky.handle === handle).map(([key]) => key);
  }

  /** There is a new leader, and what waits isn't sent yet. */
  sayAgain(): void {
    for (const [key, sticky] of this.#stickies) {
      if (sticky.call) continue;
      const { timeoutMs } = this.options;
      const owner: CallOwner = { succeed() {}, fail: error => sticky.onError(error) };
      const request: CallRequest = {
        kind: Kind.PUBLISH,
        id: nextNumber(),
        method: 'publish',
        args: sticky.args,
        sticky: key,
        deadline: this.options.now() + timeoutMs,
        timeoutMs,
        isIdempotent: true,
        owner,
        handle: sticky.handle,
      };
      this.#say(sticky, request, () => {});
    }
  }

  clear(): void {
    this.#stickies.clear();
  }

  #say(sticky: Sticky, request: CallRequest, onFail: (error: unknown) => void): void {
    const { owner } = request;
    const over = () => {
      if (sticky.call?.id === request.id) sticky.call = undefined;
    };
    sticky.call = this.options.calls.make({
      ...request,
      owner: {
        succeed(value) {
          over();
          owner.succeed(value);
        },
        fail(error) {
          over();
          onFail(error);
          owner.fail(error);
        },
      },
    });
  }

  /** What is replaced must not be sent again after what replaced it. */
  #supersede(key: string): void {
    const call = this.#stickies.get(key)?.call;
    if (call) call.isIdempotent = false;
  }
}

