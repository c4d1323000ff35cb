// The real client for Redis: the `redis` package behind the few methods that the demo needs.

import { createClient } from 'redis';
import type { Update } from '../../helpers/upstream/protocol.js';
import { type Answer, answer, type RealClient, type RedisKeys } from './real-clients.js';

/** Publishes with the next number of the topic, in one step: the numbers have no holes, as with the embedded upstream. */
const PUBLISH = `
  local sequence = redis.call('INCR', KEYS[1])
  redis.call('PUBLISH', ARGV[1], cjson.encode({ topic = ARGV[1], sequence = sequence, message = ARGV[2] }))
  return sequence`;

/**
 * Never connected. To make the first of its kind takes redis 6 about 80 ms, for a class of all its commands; a duplicate
 * takes none. So this is done while the worker starts, and not while all wait for a new leader.
 */
const template = createClient({ RESP: 3 });

export class RedisClient implements RealClient {
  readonly #client;
  readonly #keys: RedisKeys;

  constructor({ url, clientName, keys }: { url: string; clientName: string; keys: RedisKeys }) {
    // With RESP 3 one connection carries commands and subscriptions; with RESP 2 it would take two.
    this.#client = template.duplicate({ url, name: clientName });
    // It connects again by itself; calls that fail meanwhile are counted.
    this.#client.on('error', () => {});
    this.#keys = keys;
  }

  async ready(): Promise<void> {
    await this.#client.connect();
  }

  async get(_id: string): Promise<Answer> {
    return answer(await this.#client.get(this.#keys.counter));
  }

  async incr(_id: string): Promise<Answer> {
    return answer(await this.#client.incr(this.#keys.counter));
  }

  async publish(topic: string, message: string): Promise<unknown> {
    return this.#client.eval(PUBLISH, { keys: [this.#keys.sequence], arguments: [topic, message] });
  }

  async subscribe(topic: string, listener: (update: Update) => void): Promise<void> {
    await this.#client.subscribe(topic, text => listener(JSON.parse(text)));
  }

  async unsubscribe(topic: string): Promise<void> {
    await this.#client.unsubscribe(topic);
  }

  async close(): Promise<void> {
    await this.#client.close();
  }
}
