// The upstream subscriptions of one real client: one per key, however many topics have it.

import { isThenable } from '../utils/is-thenable.js';

export type FeedListener = (value: unknown) => void;

/** The key that `formatKey` returned for a registration, and the registration. */
export type FeedTopic = readonly [key: string, reg: unknown];

export interface Upstream {
  subscribe(reg: unknown, listener: FeedListener): unknown;
  /** Absent if the real client has no such method. Its subscriptions then stay. */
  readonly unsubscribe: ((reg: unknown, listener: FeedListener) => unknown) | undefined;
  /** Encodes a value for sending. */
  encode(value: unknown): unknown;
  /** Receives errors that no caller waits for. */
  report(error: unknown): void;
}

interface Feed {
  readonly listeners: Set<FeedListener>;
  last: { readonly value: unknown } | undefined;
  end(): Promise<void> | undefined;
}

export class Feeds {
  readonly #feeds = new Map<string, Feed>();

  constructor(
    private readonly upstream: Upstream,
    /** Whether a later subscriber receives the last value. */
    private readonly replays: boolean,
  ) {}

  /** @returns the function that ends it */
  subscribe([key, reg]: FeedTopic, listener: FeedListener): () => Promise<void> | undefined {
    const known = this.#feeds.get(key);
    const feed = known ?? this.#open(key, reg, listener);
    if (known) {
      feed.listeners.add(listener);
      if (this.replays && feed.last) listener(feed.last.value);
    }
    return () => {
      feed.listeners.delete(listener);
      return feed.listeners.size === 0 ? feed.end() : undefined;
    };
  }

  #open(key: string, reg: unknown, first: FeedListener): Feed {
    const { upstream } = this;
    const listeners = new Set([first]);
    const receive = (value: unknown) => {
      try {
        // Encoded now, once for all listeners, because the value may change later.
        feed.last = { value: upstream.encode(value) };
      } catch (error) {
        return upstream.report(error);
      }
      for (const listener of [...listeners]) listener(feed.last.value);
    };
    let subscribing: unknown;
    const feed: Feed = {
      listeners,
      last: undefined,
      end: () => {
        if (!upstream.unsubscribe || this.#feeds.get(key) !== feed) return undefined;
        this.#feeds.delete(key);
        return this.#end(subscribing, reg, receive);
      },
    };
    this.#feeds.set(key, feed);
    try {
      // Not awaited: the client may call back at once, and its promise may settle only at the end of the subscription.
      subscribing = upstream.subscribe(reg, receive);
    } catch (error) {
      this.#feeds.delete(key);
      throw error;
    }
    if (isThenable(subscribing)) subscribing.then(undefined, error => upstream.report(error));
    return feed;
  }

  /** Waits until the subscribe call has settled, with or without an error. */
  async #end(subscribing: unknown, reg: unknown, receive: FeedListener): Promise<void> {
    if (isThenable(subscribing)) await subscribing.then(undefined, () => {});
    await this.upstream.unsubscribe?.(reg, receive);
  }
}
