// The real client for the embedded upstream: a plain class that knows nothing of workers or leaders.

import { callContext } from 'cluster-shared-client';
import { UpstreamClient } from '../../helpers/upstream/client.js';
import type { Update } from '../../helpers/upstream/protocol.js';
import { type Answer, answer, type RealClient } from './real-clients.js';

const KEY = 'counter';

export class EmbeddedClient implements RealClient {
  readonly #client: UpstreamClient;

  constructor({ path }: { path: string }) {
    // The upstream remembers the term of each operation, and would see one that came too late.
    this.#client = new UpstreamClient({ path, term: () => callContext()?.term });
    // The calls fail too, and are counted.
    this.#client.on('error', () => {});
  }

  ready(): Promise<void> {
    return this.#client.ready();
  }

  async get(_id: string): Promise<Answer> {
    return answer(await this.#client.get(KEY));
  }

  async incr(id: string): Promise<Answer> {
    return answer(await this.#client.incr(KEY, id));
  }

  publish(topic: string, message: string): Promise<unknown> {
    return this.#client.publish(topic, message);
  }

  subscribe(topic: string, listener: (update: Update) => void): Promise<void> {
    return this.#client.subscribe(topic, listener);
  }

  unsubscribe(topic: string): Promise<void> {
    return this.#client.unsubscribe(topic);
  }

  close(): Promise<void> {
    return this.#client.close();
  }
}
