// The account of all subscriptions: values come in order, none is missing in silence, none comes after the end.

import type { ResyncEvent, ValueInfo } from '../../lib/index.js';
import type { SimGroup } from './group.js';
import type { Value } from './upstream.js';
import type { SimHandle } from './worker.js';
import type { World } from './world.js';

export interface SimSubscription {
  readonly id: number;
  readonly handle: SimHandle;
  readonly topic: number;
  readonly how: 'all' | 'one' | 'iterator';
  /** It was confirmed once. */
  isReady: boolean;
  /** It was ended, or refused. */
  isEnded: boolean;
  /** The newest value it got, and the term of it. */
  seq: number;
  term: number;
  /** The values that it got. */
  count: number;
  /** Values may be missing before the next one. */
  mayMiss: boolean;
  end(): void;
}

export class ValueAccount {
  readonly live = new Set<SimSubscription>();
  received = 0;
  #lastId = 0;
  /** Who got each value of those that are for one subscriber: by group and topic, then by number. */
  readonly #taken = new Map<string, Map<number, Taken>>();
  /** The values that servers sent anew to whoever subscribed, in the same way. */
  readonly #greetings = new Map<string, Set<number>>();

  constructor(private readonly world: World) {}

  subscribe(handle: SimHandle, topic: number, how: SimSubscription['how']): void {
    const { client } = handle;
    const id = ++this.#lastId;
    this.world.log(() => `  ${handle}: subscription ${id} to t${topic}, ${how}`);
    const base = { id, handle, topic, how, isReady: false, isEnded: false, seq: 0, term: 0, count: 0, mayMiss: true };
    if (how === 'iterator') {
      const iterator = client.subscribe(topic);
      const subscription: SimSubscription = { ...base, end: () => void iterator.unsubscribe() };
      this.#watch(subscription, iterator.ready);
      void this.#iterate(subscription, iterator);
      return;
    }
    const listener = (value: unknown, info: ValueInfo) => {
      if (typeof value === 'object' && value !== null) this.#value(subscription, value as Value, info);
      else this.world.broken('values', `subscription ${id} of ${handle} got ${value}`);
    };
    const held = client.with({ delivery: how }).subscribe(topic, listener);
    const subscription: SimSubscription = { ...base, end: () => void held.unsubscribe() };
    this.#watch(subscription, held.ready);
  }

  /** A real client subscribed: the server sends it again what others had, or are about to get. */
  greeted(group: SimGroup, topic: number, seq: number): void {
    const key = `${group} ${topic}`;
    this.#taken.get(key)?.delete(seq);
    this.#greetings.set(key, (this.#greetings.get(key) ?? new Set()).add(seq));
  }

  unsubscribe(subscription: SimSubscription): void {
    this.world.log(() => `  ${subscription.handle}: ends subscription ${subscription.id}`);
    subscription.end();
    this.#ended(subscription);
  }

  resync(handle: SimHandle, { topic, toTerm, fromTerm, reason }: ResyncEvent): void {
    const { world } = this;
    world.log(
      () => `  ${handle}: resync t${topic} ${reason} ${handle.group.short(fromTerm)} to ${handle.group.short(toTerm)}`,
    );
    for (const subscription of this.live) {
      if (subscription.handle === handle && subscription.topic === topic) subscription.mayMiss = true;
    }
  }

  of(handle: SimHandle): SimSubscription[] {
    return [...this.live].filter(subscription => subscription.handle === handle);
  }

  /** Of those of a handle to a topic some were given up: their user gives up all. */
  giveUp(handle: SimHandle, topic: number): void {
    for (const subscription of this.of(handle)) if (subscription.topic === topic) this.unsubscribe(subscription);
  }

  /** Its handle was closed, or its worker died. */
  forget(handle: SimHandle): void {
    for (const subscription of this.of(handle)) this.#ended(subscription);
  }

  #watch(subscription: SimSubscription, ready: Promise<void>): void {
    this.live.add(subscription);
    ready.then(
      () => {
        subscription.isReady = true;
      },
      error => {
        this.world.log(() => `  ${subscription.handle}: subscription ${subscription.id} is not ready: ${error}`);
        if (!isTimeout(error)) this.#ended(subscription);
        // Whether the real client would still take it nobody knows: its user gives up.
        else if (!subscription.isEnded) this.unsubscribe(subscription);
      },
    );
  }

  #ended(subscription: SimSubscription): void {
    subscription.isEnded = true;
    this.live.delete(subscription);
  }

  async #iterate(subscription: SimSubscription, values: AsyncIterable<unknown>): Promise<void> {
    for await (const value of values) {
      const { seq } = value as Value;
      this.#inOrder(subscription, seq);
      subscription.seq = seq;
    }
  }

  #value(subscription: SimSubscription, { topic, seq, padding }: Value, { term, replayed }: ValueInfo): void {
    const { world } = this;
    const { id, handle, how } = subscription;
    this.received++;
    subscription.count++;
    if (padding.length !== world.padding.length) world.broken('values', `${padding.length} characters came along`);
    world.log(
      () =>
        `  ${handle}: subscription ${id} gets t${topic} ${seq} of term ${handle.group.short(term)}${replayed ? ', replayed' : ''}`,
    );
    if (subscription.isEnded) world.broken('after the end', `subscription ${id} of ${handle} got ${seq} after its end`);
    if (topic !== subscription.topic)
      world.broken('values', `subscription ${id} of ${handle} got a value of another topic`);
    if (term < subscription.term) world.broken('terms', `subscription ${id} of ${handle} got a value of an older term`);
    this.#inOrder(subscription, seq);
    if (term === subscription.term && seq === subscription.seq && !subscription.mayMiss)
      world.broken('values', `subscription ${id} of ${handle} got ${seq} twice in one term`);
    if (term !== subscription.term && subscription.term !== 0 && !subscription.mayMiss)
      world.broken('resync', `subscription ${id} of ${handle} got a value of a new term without resync`);
    if (how === 'all' && seq > subscription.seq + 1 && !subscription.mayMiss)
      world.broken(
        'resync',
        `subscription ${id} of ${handle} missed what is between ${subscription.seq} and ${seq} without resync`,
      );
    if (how === 'one') this.#take(subscription, seq, term);
    subscription.term = term;
    subscription.seq = seq;
    subscription.mayMiss = false;
  }

  #inOrder(subscription: SimSubscription, seq: number): void {
    if (seq < subscription.seq)
      this.world.broken(
        'order',
        `subscription ${subscription.id} of ${subscription.handle} got ${seq} after ${subscription.seq}`,
      );
  }

  #take(subscription: SimSubscription, seq: number, term: number): void {
    const { handle, topic } = subscription;
    const key = `${handle.group} ${topic}`;
    const taken = this.#taken.get(key) ?? new Map<number, Taken>();
    this.#taken.set(key, taken);
    const other = taken.get(seq);
    // One that the server said to two leaders is two values.
    const isAnother = other?.term !== term && this.#greetings.get(key)?.has(seq);
    if (other && !isAnother)
      this.world.broken(
        'delivery one',
        `${seq} of ${handle.group} t${topic} went to subscription ${other.by.id} and to ${subscription.id}`,
      );
    taken.set(seq, { by: subscription, term });
  }
}

interface Taken {
  readonly by: SimSubscription;
  readonly term: number;
}

const isTimeout = (error: unknown): boolean => {
  const { code } = error as { code?: string };
  return code === 'ERR_TIMEOUT' || code === 'ERR_LEADER_FAILED' || code === 'ERR_NO_PRIMARY';
};
