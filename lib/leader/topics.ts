// All topics that have subscribers in this term, and the topic of each subscription.

import { canonicalKey } from '../codec/canonical-key.js';
import { decodeValue } from '../codec/decode-value.js';
import { encodeError } from '../codec/encode-error.js';
import type { OwnTypes } from '../codec/own-types.js';
import { brokenFrame } from '../errors/value-errors.js';
import { Kind } from '../protocol/bundle.js';
import type { FrameView } from '../protocol/frame-reader.js';
import type { Clock } from '../utils/clock.js';
import type { Sender } from './sender.js';
import type { Delivery, ServedClient } from './served-client.js';
import type { ServiceOptions } from './service-options.js';
import type { Suspects } from './suspects.js';
import { Topic, type TopicOwner } from './topic.js';
import type { Subscriber } from './topic-subscribers.js';

export class Topics implements TopicOwner {
  readonly name: string;
  readonly client: ServedClient;
  readonly sender: Sender;
  readonly clock: Clock;
  readonly replay: 'last' | 'none';
  readonly limitMs: number;
  readonly valueFrom: ((...args: unknown[]) => unknown) | undefined;
  readonly own: OwnTypes | undefined;
  readonly report: (error: unknown) => void;
  readonly warn: (text: string) => void;
  readonly #hasLease: (now: number) => boolean;
  readonly #suspects: Suspects;
  readonly #topics = new Map<string, Topic>();
  #lastNumber = 0;
  /** The topic of each subscription: by worker, then by the subscription's number. */
  readonly #subscriptions = new Map<number, Map<number, Topic>>();

  constructor({ client, options, sender, clock, hasLease, report, warn }: ServiceOptions, suspects: Suspects) {
    this.name = options.name;
    this.client = client;
    this.sender = sender;
    this.clock = clock;
    this.replay = options.replay;
    this.limitMs = options.openTimeoutMs;
    this.valueFrom = client.forwarder ? undefined : client.valueFrom;
    this.own = client.own;
    this.report = report;
    this.warn = warn;
    this.#hasLease = hasLease;
    this.#suspects = suspects;
  }

  /** @returns false if it has to wait until its member knows that it begins */
  subscribe(from: number, { id, json, ext, parts }: FrameView): boolean {
    if (!this.#suspects.mayBegin(from, id)) return false;
    try {
      if (!Array.isArray(json)) throw brokenFrame('a subscription', 'a delivery and a topic');
      const [delivery, encoded] = json as [Delivery, unknown];
      const value = ext ? decodeValue(encoded, true, parts, undefined, false, this.own) : encoded;
      const topic = this.#topic(this.#keyOf(from, id, delivery, canonicalKey(value, 'topic')), value, delivery);
      this.#suspects.begin(from, id);
      this.#subscriptionsOf(from).set(id, topic);
      topic.add({ workerId: from, id, delivery: delivery === 'one' ? 'one' : 'all' });
    } catch (error) {
      this.sender.payloadTo(from, Kind.REFUSED, id, encodeError(error, undefined, this.own));
    }
    return true;
  }

  unsubscribe(from: number, id: number): void {
    const own = this.#subscriptions.get(from);
    own?.get(id)?.remove(from, id);
    own?.delete(id);
  }

  memberLeft(workerId: number): void {
    for (const topic of new Set(this.#subscriptions.get(workerId)?.values())) topic.removeWorker(workerId);
    this.#subscriptions.delete(workerId);
  }

  /** The lease is valid again. */
  release(): void {
    for (const topic of this.#topics.values()) topic.release();
  }

  /** The real client reconnected by itself. */
  reconnected(): void {
    for (const topic of this.#topics.values()) topic.reconnected();
  }

  stop(): void {
    for (const topic of this.#topics.values()) topic.stop();
    this.#topics.clear();
  }

  // ------------------------------------------------------------------------------------------------ for each topic

  hasLease(): boolean {
    return this.#hasLease(this.clock.now());
  }

  refused({ workerId, id }: Subscriber): void {
    this.#subscriptions.get(workerId)?.delete(id);
  }

  idle(topic: Topic): void {
    if (this.#topics.get(topic.key) === topic) this.#topics.delete(topic.key);
  }

  /**
   * In the fleet, those that share the values of a topic are all subscribers of all hosts, so each has a subscription of its
   * own. The prefixes can't be part of the key of a value, which is JSON.
   */
  #keyOf(from: number, id: number, delivery: Delivery, key: string): string {
    if (!this.client.forwarder || delivery === 'all') return key;
    return delivery === 'view' ? 'view' : `${from} ${id} ${key}`;
  }

  #topic(key: string, value: unknown, delivery: Delivery): Topic {
    let topic = this.#topics.get(key);
    if (!topic) {
      topic = new Topic(key, value, ++this.#lastNumber, this, delivery);
      this.#topics.set(key, topic);
    }
    return topic;
  }

  #subscriptionsOf(workerId: number): Map<number, Topic> {
    let own = this.#subscriptions.get(workerId);
    if (!own) {
      own = new Map();
      this.#subscriptions.set(workerId, own);
    }
    return own;
  }
}
