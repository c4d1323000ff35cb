// Upstream subscriptions of one real client: one for each key, however many topics have it.

import { isThenable } from '../utils/is-thenable.js';

export type FeedListener = (value: unknown) => void;

/** What `formatKey` makes of a registration, and the registration. */
export type FeedTopic = readonly [key: string, reg: unknown];

export interface Upstream {
  subscribe(reg: unknown, listener: FeedListener): unknown;
  /** Absent where the real client has no such method: what it is subscribed to, it stays subscribed to. */
  readonly unsubscribe: ((reg: unknown, listener: FeedListener) => unknown) | undefined;
  /** Makes a value ready for its way. */
  encode(value: unknown): unknown;
  /** What went wrong when nobody waited for it. */
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
    /** Whether one that comes late gets the last value. */
    private readonly replays: boolean,
  ) {}

  /** @returns what ends it */
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
    const hear = (value: unknown) => {
      try {
        // Now, and once for all: it may change later.
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
        return this.#end(subscribing, reg, hear);
      },
    };
    this.#feeds.set(key, feed);
    try {
      // It may call back at once, and its promise may end with the subscription: nobody waits for it.
      subscribing = upstream.subscribe(reg, hear);
    } catch (error) {
      this.#feeds.delete(key);
      throw error;
    }
    if (isThenable(subscribing)) subscribing.then(undefined, error => upstream.report(error));
    return feed;
  }

  /** After it was subscribed, however that went. */
  async #end(subscribing: unknown, reg: unknown, hear: FeedListener): Promise<void> {
    if (isThenable(subscribing)) await subscribing.then(undefined, () => {});
    await this.upstream.unsubscribe?.(reg, hear);
  }
}
