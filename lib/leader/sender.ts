// What the leader says to the members, in the order it is said to each of them.

import { OpenBundle } from '../protocol/frames.js';
import { type Bundle, EXT } from '../protocol/messages.js';
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
  /** Members that are spoken to past the primary; none of them without it. */
  readonly lanes?: Lanes | undefined;
}

/** The way to one member past the primary. */
export interface Lane {
  put(kind: number, id: number, text: string, parts?: readonly Part[]): void;
}

export interface Lanes {
  of(workerId: number): Lane | undefined;
  /** The members that have a lane. */
  readonly active: readonly number[];
}

const NOBODY: readonly number[] = [];

/** Answers that are under way when there are many. */
const MANY = 512;

export class Sender {
  /** The bundle that holds the last frame for a member: another one may join it if it is for the same members. */
  readonly #last = new Map<number, OpenBundle>();
  #here: OpenBundle | undefined;

  constructor(private readonly options: SenderOptions) {}

  /** How a member is spoken to. */
  roadTo(workerId: number): 'local' | 'relay' | 'direct' {
    const { self, lanes } = this.options;
    if (workerId === self) return 'local';
    return lanes?.of(workerId) ? 'direct' : 'relay';
  }

  to(workerId: number, kind: number, id: number, text: string, parts?: readonly Part[]): void {
    const lane = this.options.lanes?.of(workerId);
    if (lane) return lane.put(kind, id, text, parts);
    const bundle = this.#openFor(workerId);
    bundle.add(kind, id, text, parts);
    this.#flushEarly(bundle);
  }

  payloadTo(workerId: number, kind: number, id: number, { text, ext, parts }: Payload): void {
    this.to(workerId, ext ? kind | EXT : kind, id, text, parts);
  }

  /** By the relay, after all that was said so; what follows to this member begins a bundle. */
  toByRelay(workerId: number, kind: number, id: number, text: string): void {
    this.#openFor(workerId).add(kind, id, text);
    this.#last.delete(workerId);
  }

  /** The same of a bundle for one member. */
  putOnRelay(bundle: OpenBundle): void {
    for (const workerId of bundle.to as readonly number[]) this.#last.delete(workerId);
    this.options.outbox.open(bundle);
  }

  /** A value for several members crosses to the primary once. */
  payloadToMany(workerIds: readonly number[], kind: number, id: number, payload: Payload): void {
    const { self } = this.options;
    if (workerIds.includes(self)) this.payloadTo(self, kind, id, payload);
    const others = this.#onRelay(
      workerIds.filter(workerId => workerId !== self),
      kind,
      id,
      payload,
    );
    if (others.length === 1) this.payloadTo(others[0]!, kind, id, payload);
    else if (others.length > 1) this.#openForMany(others).addPayload(kind, id, payload);
  }

  /** To every member there is, also those never heard of. */
  payloadToAll(kind: number, id: number, payload: Payload): void {
    const { group, term, outbox, self } = this.options;
    this.payloadTo(self, kind, id, payload);
    const active = this.options.lanes?.active ?? NOBODY;
    for (const workerId of active) this.payloadTo(workerId, kind, id, payload);
    const bundle = new OpenBundle(group, term, '*', undefined, active.length > 0 ? active : undefined);
    outbox.open(bundle);
    bundle.addPayload(kind, id, payload);
    this.#last.clear();
  }

  /** Leaves now what waits for the end of the tick. */
  flush(): void {
    this.#deliver();
    this.options.outbox.flush();
  }

  /** Says it to those that have a lane. @returns the others */
  #onRelay(workerIds: readonly number[], kind: number, id: number, payload: Payload): readonly number[] {
    const { lanes } = this.options;
    if (!lanes || lanes.active.length === 0) return workerIds;
    return workerIds.filter(workerId => {
      if (!lanes.of(workerId)) return true;
      this.payloadTo(workerId, kind, id, payload);
      return false;
    });
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
