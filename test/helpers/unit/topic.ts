// A topic without a service: its real client, its subscribers, and what they are told.

import type { RealClient } from '../../../lib/leader/real-client.js';
import type { Forwarder, ServedClient } from '../../../lib/leader/served-client.js';
import { Topic, type TopicOwner } from '../../../lib/leader/topic.js';
import type { Subscriber } from '../../../lib/leader/topic-subscribers.js';
import { type Deferred, defer } from '../../../lib/utils/deferred.js';
import { microtasks } from '../clocks/unit-clock.js';
import { openReal, UnitSender } from './leader.js';

type Listener = (value: unknown) => void;

/** A real client whose every step the test settles. */
export class SlowUpstream {
  readonly asked: string[] = [];
  readonly listeners: Listener[] = [];
  #steps: Deferred<unknown>[] = [];

  subscribe(topic: unknown, listener: Listener): Promise<unknown> {
    this.asked.push(`subscribe ${JSON.stringify(topic)}`);
    this.listeners.push(listener);
    return this.#step();
  }

  unsubscribe(topic: unknown, listener: Listener): Promise<unknown> {
    this.asked.push(`unsubscribe ${JSON.stringify(topic)} ${this.listeners.indexOf(listener)}`);
    return this.#step();
  }

  /** The oldest step that is under way ends. */
  async done(value?: unknown): Promise<void> {
    this.#steps.shift()!.resolve(value);
    await microtasks();
  }

  /** The newest one ends. */
  async last(): Promise<void> {
    this.#steps.pop()!.resolve(undefined);
    await microtasks();
  }

  async fail(error: unknown): Promise<void> {
    this.#steps.shift()!.reject(error);
    await microtasks();
  }

  get underWay(): number {
    return this.#steps.length;
  }

  #step(): Promise<unknown> {
    const step = defer<unknown>();
    this.#steps.push(step);
    return step.promise;
  }
}

export class UnitTopic implements TopicOwner {
  readonly unit = new UnitSender();
  readonly sender = this.unit.sender;
  readonly name = 'g';
  readonly clock = this.unit.clock;
  readonly limitMs = 1000;
  readonly own = undefined;
  readonly reported: unknown[] = [];
  readonly warnings: string[] = [];
  readonly refusals: string[] = [];
  leases = true;
  idled = 0;
  readonly topic: Topic;
  readonly valueFrom: never;

  private constructor(
    readonly client: ServedClient,
    readonly replay: 'last' | 'none',
  ) {
    this.valueFrom = (client as RealClient).valueFrom as never;
    this.topic = new Topic('"t"', 't', 3, this);
  }

  static async create(upstream: object, replay: 'last' | 'none' = 'last', given: object = {}): Promise<UnitTopic> {
    return new UnitTopic(await openReal(upstream, given), replay);
  }

  /** A topic that passes on. */
  static forwarding(forwarder: Pick<Forwarder, 'subscribe'>): UnitTopic {
    return new UnitTopic({ forwarder } as ServedClient, 'last');
  }

  hasLease(): boolean {
    return this.leases;
  }

  report(error: unknown): void {
    this.reported.push(error);
  }

  warn(text: string): void {
    this.warnings.push(text);
  }

  refused({ workerId, id }: Subscriber): void {
    this.refusals.push(`${workerId} ${id}`);
  }

  idle(): void {
    this.idled++;
  }

  add(workerId: number, id: number, delivery: 'all' | 'one' = 'all'): void {
    this.topic.add({ workerId, id, delivery });
  }

  sent(): string[] {
    return this.unit.said();
  }
}
