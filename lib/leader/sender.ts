// What the leader says to the members, in the order it is said to each of them.

import { OpenBundle } from '../protocol/frames.js';
import type { Bundle } from '../protocol/messages.js';
import type { Outbox } from '../protocol/outbox.js';
import type { Part, Payload } from '../protocol/payload.js';
import type { Clock } from '../utils/clock.js';

export interface SenderOptions {
  readonly group: string;
  readonly term: number;
  /** The leader's own worker, whose frames never leave the process. */
  readonly self: number;
  readonly clock: Clock;
  readonly outbox: Outbox;
  deliverHere(bundle: Bundle): void;
}

/** Answers that are under way when there are many. */
const MANY = 512;

export class Sender {
  /** The bundle that holds the last frame for a member: another one may join it if it is for the same members. */
  readonly #last = new Map<number, OpenBundle>();
  #here: OpenBundle | undefined;

  constructor(private readonly options: SenderOptions) {}

  to(workerId: number, kind: number, id: number, text: string, parts?: readonly Part[]): void {
    const bundle = this.#openFor(workerId);
    bundle.add(kind, id, text, parts);
    this.#flushEarly(bundle);
  }

  payloadTo(workerId: number, kind: number, id: number, payload: Payload): void {
    const bundle = this.#openFor(workerId);
    bundle.addPayload(kind, id, payload);
    this.#flushEarly(bundle);
  }

  /** A value for several members crosses to the primary once. */
  payloadToMany(workerIds: readonly number[], kind: number, id: number, payload: Payload): void {
    const { self } = this.options;
    if (workerIds.includes(self)) this.payloadTo(self, kind, id, payload);
    const others = workerIds.filter(workerId => workerId !== self);
    if (others.length === 1) this.payloadTo(others[0]!, kind, id, payload);
    else if (others.length > 1) this.#openForMany(others).addPayload(kind, id, payload);
  }

  /** To every member there is, also those never heard of. */
  payloadToAll(kind: number, id: number, payload: Payload): void {
    const { group, term, outbox, self } = this.options;
    this.payloadTo(self, kind, id, payload);
    const bundle = new OpenBundle(group, term, '*');
    outbox.open(bundle);
    bundle.addPayload(kind, id, payload);
    this.#last.clear();
  }

  /** Leaves now what waits for the end of the tick. */
  flush(): void {
    this.#deliver();
    this.options.outbox.flush();
  }

  #flushEarly(bundle: OpenBundle): void {
    if (bundle !== this.#here && bundle.isWorthAWrite(MANY)) this.options.outbox.flush();
  }

  #openFor(workerId: number): OpenBundle {
    const { group, term, self } = this.options;
    if (workerId === self) return this.#openHere();
    const last = this.#last.get(workerId);
    if (last && !last.isFull && (last.to as readonly number[]).length === 1) return last;
    return this.#remember(new OpenBundle(group, term, [workerId]));
  }

  #openForMany(workerIds: readonly number[]): OpenBundle {
    const last = this.#last.get(workerIds[0]!);
    const isShared =
      last &&
      !last.isFull &&
      last.to?.length === workerIds.length &&
      workerIds.every(id => this.#last.get(id) === last);
    if (isShared) return last;
    return this.#remember(new OpenBundle(this.options.group, this.options.term, workerIds));
  }

  #remember(bundle: OpenBundle): OpenBundle {
    for (const workerId of bundle.to as readonly number[]) this.#last.set(workerId, bundle);
    this.options.outbox.open(bundle);
    return bundle;
  }

  #openHere(): OpenBundle {
    if (!this.#here) {
      this.#here = new OpenBundle(this.options.group, this.options.term);
      // A loop of calls in the leader's own worker must not keep everybody else out of its event loop.
      this.options.clock.yield(() => this.#deliver());
    }
    return this.#here;
  }

  #deliver(): void {
    const bundle = this.#here;
    this.#here = undefined;
    if (bundle) this.options.deliverHere(bundle.seal());
  }
}
