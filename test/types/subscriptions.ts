// Topics, values, publications and what with() returns.

import type { SharedClient, Subscription, SubscriptionIterator, TopicOf, ValueOf } from '../../lib/client/types.js';
import type { Equal, Expect } from './equal.js';
import type { Feed, Item, Registry } from './registry.js';

interface Keyed {
  subscribe<K extends 'n' | 's'>(
    topic: K,
    listener: (value: { n: number; s: string }[K], extra: boolean) => void,
  ): void;
  publish<K extends 'n' | 's'>(topic: K, value: { n: number; s: string }[K]): Promise<void>;
}

interface Loose {
  // biome-ignore lint/complexity/noBannedTypes: what an old client says.
  subscribe(topic: object, listener?: Function): Promise<() => void>;
  publish(): Promise<number>;
}

interface Bare {
  subscribe(): void;
}

interface Untyped {
  // biome-ignore lint/suspicious/noExplicitAny: what many untyped clients say.
  subscribe(...args: any[]): any;
}

export type Inferred = [
  Expect<Equal<TopicOf<Registry>, 'a' | 'b'>>,
  Expect<Equal<ValueOf<Registry>, Item>>,
  Expect<Equal<TopicOf<Feed>, unknown>>,
  Expect<Equal<ValueOf<Feed>, unknown>>,
  Expect<Equal<TopicOf<Keyed>, 'n' | 's'>>,
  Expect<Equal<ValueOf<Keyed>, number | string>>,
  Expect<Equal<TopicOf<Loose>, object>>,
  Expect<Equal<ValueOf<Loose>, unknown>>,
  Expect<Equal<TopicOf<Bare>, unknown>>,
  Expect<Equal<ValueOf<Bare>, unknown>>,
  Expect<Equal<ValueOf<Untyped>, unknown>>,
  Expect<Equal<SharedClient<Registry>['publish'], (topic: 'a' | 'b', value: Item) => Promise<void>>>,
  Expect<Equal<SharedClient<Keyed>['publish'], Keyed['publish']>>,
  Expect<Equal<SharedClient<Loose>['publish'], () => Promise<void>>>,
  Expect<Equal<SharedClient<Feed>['publish'], (...args: unknown[]) => Promise<void>>>,
];

export const bare = (client: SharedClient<Bare>): Subscription => client.subscribe({ any: 'topic' }, value => value);

export const untyped = (client: SharedClient<Untyped>) => client.subscribe({ any: 'topic' }, value => value);

export async function listeners(client: SharedClient<Registry>) {
  const subscription = client.subscribe('a', (value, { term, replayed }) => {
    const parts: [Item, number, boolean] = [value, term, replayed];
    return parts;
  });
  const typed: Expect<Equal<typeof subscription, Subscription>> = true;
  client.subscribe('a', async () => {});
  await subscription.ready;
  await subscription.unsubscribe();
  await client.unsubscribe('a', () => {});
  await client.unsubscribe('b');
  await client.publish('a', { id: 1 });
  await client.unpublish({ any: 'key' });
  // @ts-expect-error no such topic
  client.subscribe('c', () => {});
  // @ts-expect-error the value is an Item
  client.subscribe('a', (value: string) => value);
  // @ts-expect-error no such topic
  client.unsubscribe('c');
  // @ts-expect-error no Item
  client.publish('a', {});
  await using disposed = subscription;
  return { typed, disposed };
}

export async function iterators(client: SharedClient<Registry>) {
  const iterator = client.subscribe('a');
  const typed: Expect<Equal<typeof iterator, SubscriptionIterator<Item>>> = true;
  await iterator.ready;
  for await (const value of iterator) {
    const item: Item = value;
    if (item.id > iterator.dropped) break;
  }
  const iterable: AsyncIterable<Item> = iterator;
  const { value, done } = await iterator.next();
  // @ts-expect-error it may be over
  value.id;
  await iterator.return();
  await iterator.unsubscribe();
  await using disposed = iterator;
  return { typed, iterable, done, disposed };
}

export function withOptions(client: SharedClient<Registry>) {
  const { signal } = new AbortController();
  const other = client.with({ timeoutMs: 1, signal, idempotent: true, oneway: false, sticky: { k: 1 } });
  const typed: Expect<Equal<typeof other, SharedClient<Registry>>> = true;
  const one: Subscription = other.with({ delivery: 'one', maxQueued: 5 }).subscribe('a', () => {});
  // @ts-expect-error no such option
  client.with({ timeout: 1 });
  // @ts-expect-error not a signal
  client.with({ signal: true });
  // @ts-expect-error one of two words
  client.with({ delivery: 'some' });
  return { typed, one };
}
