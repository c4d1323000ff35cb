// The methods of a handle, as they follow from the real client's type.

import type { MethodName, SharedClient, Subscription } from '../../lib/client/types.js';
import type { Equal, Expect } from './equal.js';
import { Feed, type Item, Registry } from './registry.js';

type Client = SharedClient<Registry>;

export type Methods = [
  Expect<Equal<Client['get'], (key: string) => Promise<number>>>,
  Expect<Equal<Client['arrow'], (a: number, ...rest: string[]) => Promise<number>>>,
  Expect<Equal<Client['optional'], ((key: string) => Promise<boolean>) | undefined>>,
  // Overloads and generics survive where there is a promise already.
  Expect<Equal<Client['getMany'], Registry['getMany']>>,
  Expect<Equal<Client['echo'], Registry['echo']>>,
  // Others return one.
  Expect<Equal<Client['count'], (prefix?: string) => Promise<number>>>,
  Expect<Equal<Client['first'], (values: unknown[]) => Promise<unknown>>>,
  Expect<Equal<Client['maybe'], (key: string) => Promise<string | undefined>>>,
  Expect<Equal<Client['fails'], () => Promise<never>>>,
  // It may be a stream.
  // biome-ignore lint/suspicious/noExplicitAny: that is what is asked.
  Expect<Equal<Client['untyped'], () => Promise<any> & AsyncIterable<any>>>,
];

export async function calls(client: Client) {
  const number: number = await client.get('a');
  const list: number[] = await client.getMany(['a']);
  const record: Record<string, number> = await client.getMany('a', 1);
  const item: { id: number; name: string } = await client.echo({ id: 1, name: 'x' });
  const text: string = await client.thenable();
  for await (const item of client.untyped()) item.anything();
  // @ts-expect-error a key is a string
  client.get(1);
  // @ts-expect-error neither overload
  client.getMany('a');
  // @ts-expect-error V extends Item
  client.echo({ name: 'x' });
  // @ts-expect-error may be missing
  client.optional('a');
  return { number, list, record, item, text, optional: await client.optional?.('a') };
}

export function hidden(client: Client) {
  // @ts-expect-error not a method
  client.url;
  // @ts-expect-error begins with _
  client._internal;
  // @ts-expect-error begins with _
  client._hidden;
  // @ts-expect-error private
  client.audit;
  // @ts-expect-error a symbol
  client[Symbol.iterator];
  // @ts-expect-error no method at all
  client.nothing;
  // @ts-expect-error would make it a promise
  client.then;
}

export type Names = Expect<
  Equal<
    MethodName<Registry>,
    | 'ready'
    | 'get'
    | 'getMany'
    | 'echo'
    | 'count'
    | 'first'
    | 'maybe'
    | 'thenable'
    | 'fails'
    | 'untyped'
    | 'optional'
    | 'arrow'
    | 'status'
    | 'subscribe'
    | 'unsubscribe'
    | 'publish'
    | 'close'
  >
>;

// A handle stands in where only methods that return promises are asked for.
export const reader = (client: Client): Pick<Registry, 'get' | 'getMany' | 'echo'> => client;

export async function invocations(client: Client) {
  const number: number = await client.invoke('get', 'a');
  const count: number = await client.invoke('count');
  // The way to a method whose name is reserved.
  const status: 'up' | 'down' = await client.invoke('status');
  const unknown: unknown = await client.invoke('another', 1, 'x');
  const some: string = JSON.parse('"get"');
  const any: Promise<unknown> = client.invoke(some, 1);
  // @ts-expect-error a key is a string
  client.invoke('get', 1);
  // @ts-expect-error an argument is missing
  client.invoke('get');
  return { number, count, status, unknown, any };
}

// What nothing is known of can be called by any name, through any type that says so.
export function untyped(client: SharedClient<Record<string, (...args: unknown[]) => unknown>>): Promise<unknown> {
  return client.anything?.(1, 2) ?? client.invoke('anything', 1, 2);
}

// Where nothing is known, nothing is refused, but what the handle has of its own is known all the same.
// biome-ignore lint/suspicious/noExplicitAny: that is what is asked.
export async function nothingKnown(client: SharedClient<any>) {
  const number: number = await client.get('a', 1);
  const other: unknown = await client.invoke('other', 1);
  const subscription: Subscription = client.subscribe('topic', (value: string) => value);
  for await (const value of client.subscribe({ any: 'topic' })) value.anything();
  await client.publish('topic', 1);
  // @ts-expect-error a boolean
  client.isLeader.anything;
  return { number, other, subscription };
}

export const emitters: Expect<Equal<SharedClient<Feed>['latest'], () => Promise<string>>> = true;

export interface Keyed {
  lookup<K extends keyof Tables>(table: K): Promise<Tables[K]>;
}

interface Tables {
  items: Item;
  names: string;
}

export async function keyed(client: SharedClient<Keyed>) {
  const item: Item = await client.lookup('items');
  const name: string = await client.lookup('names');
  // @ts-expect-error no such table
  client.lookup('others');
  return { item, name };
}

export const classes = [Registry, Feed];
