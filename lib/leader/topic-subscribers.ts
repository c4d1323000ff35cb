// The subscribers of one topic, and who of them gets a value.

export interface Subscriber {
  readonly workerId: number;
  readonly id: number;
  readonly delivery: 'all' | 'one';
}

export class TopicSubscribers {
  readonly #subscribers = new Map<string, Subscriber>();
  /** Workers with a subscriber that gets every value; rebuilt when they change. */
  #workersOfAll: number[] | undefined;
  /** Subscribers that share the values, one value each in turn; the next in turn is first. */
  readonly #ones = new Set<Subscriber>();

  get size(): number {
    return this.#subscribers.size;
  }

  [Symbol.iterator](): IterableIterator<Subscriber> {
    return this.#subscribers.values();
  }

  add(subscriber: Subscriber): void {
    this.#subscribers.set(keyOf(subscriber.workerId, subscriber.id), subscriber);
    this.#workersOfAll = undefined;
    if (subscriber.delivery === 'one') this.#ones.add(subscriber);
  }

  /** @returns whether it was there */
  remove(workerId: number, id: number): boolean {
    const key = keyOf(workerId, id);
    const subscriber = this.#subscribers.get(key);
    if (!subscriber) return false;
    this.#subscribers.delete(key);
    this.#ones.delete(subscriber);
    this.#workersOfAll = undefined;
    return true;
  }

  clear(): void {
    this.#subscribers.clear();
    this.#ones.clear();
    this.#workersOfAll = undefined;
  }

  /** All workers with a subscriber. */
  get workers(): number[] {
    return [...new Set([...this].map(({ workerId }) => workerId))];
  }

  /** The workers with a subscriber that gets every value. */
  get workersOfAll(): number[] {
    this.#workersOfAll ??= [
      ...new Set([...this].filter(one => one.delivery === 'all').map(({ workerId }) => workerId)),
    ];
    return this.#workersOfAll;
  }

  /** The next of those that share the values. */
  takeTurn(): Subscriber | undefined {
    const [one] = this.#ones;
    if (!one) return undefined;
    this.#ones.delete(one);
    this.#ones.add(one);
    return one;
  }
}

const keyOf = (workerId: number, id: number): string => `${workerId}:${id}`;
