// Publishes one call to the subscribers of the call channel, on the caller's side.

import { rejectWhereAwaited } from '../codec/local-stack.js';
import { callChannel } from '../diagnostics/channels.js';
import type { CallTrace } from '../diagnostics/messages.js';
import type { Call } from '../member/call.js';
import type { Member } from '../member/member.js';
import { type AsyncContext, captureContext } from '../utils/async-context.js';

export class CallerTrace {
  readonly #message: CallTrace;
  /** Set once the call exists. It knows the route and term in which the call was sent. */
  call: Call | undefined;
  /** The caller's context, with the stores that subscribers bound to the channel. */
  #context: AsyncContext | undefined;

  constructor({ name, term, route }: Member, method: string) {
    this.#message = { side: 'caller', group: name, method, term, route: route?.kind };
  }

  /** Runs `make`, which creates the call and does not throw. */
  start(make: () => Call | undefined): Call | undefined {
    let call: Call | undefined;
    callChannel.start.runStores(this.#message, () => {
      this.#context = captureContext();
      call = make();
    });
    callChannel.end.publish(this.#message);
    return call;
  }

  succeeded(value: unknown, succeed: (value: unknown) => void): void {
    this.#message.result = value;
    this.#settle(() => succeed(value));
  }

  failed(error: unknown, fail: (error: unknown) => void): void {
    this.#message.error = error;
    this.#settle(() => fail(error), callChannel.error);
  }

  /** The callbacks that trace how the call ends. `onFail` is given if there is no promise. */
  watch(
    succeed: Call['succeed'],
    onFail?: Call['fail'],
  ): { readonly succeed: Call['succeed']; readonly fail: Call['fail'] } {
    const fail = onFail ?? ((error: unknown) => succeed(rejectWhereAwaited(error)));
    return { succeed: value => this.succeeded(value, succeed), fail: error => this.failed(error, fail) };
  }

  #settle(settle: () => void, first?: typeof callChannel.error): void {
    this.#learn();
    this.#context!.runInAsyncScope(() => {
      first?.publish(this.#message);
      callChannel.asyncStart.publish(this.#message);
      settle();
      callChannel.asyncEnd.publish(this.#message);
    });
  }

  #learn(): void {
    const route = this.call?.route;
    if (!route) return;
    this.#message.term = route.term;
    this.#message.route = route.kind;
  }
}
