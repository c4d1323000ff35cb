// The two forms of createSharedClient, and the options of each.

import type { SharedClient } from '../../lib/client/types.js';
import type { Equal, Expect } from './equal.js';
import { createSharedClient, Feed, Registry } from './registry.js';

class Optional {
  constructor(readonly size = 1) {}
  async get() {
    return this.size;
  }
}

class Box<V> {
  constructor(readonly value: V) {}
  async get(): Promise<V> {
    return this.value;
  }
}

abstract class Abstract {
  async get() {}
}

class Locked {
  private constructor() {}
  static make() {
    return new Locked();
  }
}

export function classForm() {
  const client = createSharedClient(Registry, { name: 'r', args: [{ url: 'x' }] });
  const typed: Expect<Equal<typeof client, SharedClient<Registry>>> = true;
  createSharedClient(Feed, { name: 'f' });
  createSharedClient(Optional, { name: 'o' });
  createSharedClient(Optional, { name: 'o', args: [2] });
  createSharedClient(Optional, { name: 'o', args: [2] as const });
  const box = createSharedClient(Box<string>, { name: 'b', args: ['x'] });
  const boxed: Promise<string> = box.get();
  // @ts-expect-error the constructor needs an argument
  createSharedClient(Registry, { name: 'r' });
  // @ts-expect-error another argument
  createSharedClient(Registry, { name: 'r', args: [{ url: 1 }] });
  // @ts-expect-error too many
  createSharedClient(Optional, { name: 'o', args: [1, 2] });
  // @ts-expect-error the name is missing
  createSharedClient(Feed, {});
  // @ts-expect-error all options are missing
  createSharedClient(Feed);
  // @ts-expect-error the class is abstract
  createSharedClient(Abstract, { name: 'a' });
  // @ts-expect-error the constructor is private
  createSharedClient(Locked, { name: 'l' });
  // @ts-expect-error belongs to the other form
  createSharedClient(Feed, { name: 'f', open: () => new Feed() });
  return { client, typed, boxed, Locked };
}

export function definitionForm() {
  const client = createSharedClient({
    name: 'r',
    async open({ name, term, signal, fail }) {
      const at: [string, number, boolean] = [name, term, signal.aborted];
      fail(new Error(at.join()));
      return new Registry({ url: '' });
    },
    close: registry => registry.get('a'),
    timeoutMs: 1000,
  });
  const typed: Expect<Equal<typeof client, SharedClient<Registry>>> = true;
  const plain = createSharedClient({ name: 'p', open: () => ({ get: (key: string) => key.length }) });
  const length: Promise<number> = plain.get('a');
  // @ts-expect-error without open
  createSharedClient({ name: 'r' });
  // @ts-expect-error without a name
  createSharedClient({ open: () => new Feed() });
  // @ts-expect-error not an object
  createSharedClient({ name: 'r', open: () => 1 });
  // @ts-expect-error belongs to the other form
  createSharedClient({ name: 'r', open: () => new Feed(), args: [] });
  // @ts-expect-error close gets what open returned
  createSharedClient({ name: 'r', open: () => new Feed(), close: (registry: Registry) => registry.close() });
  return { client, typed, length };
}

export function options() {
  createSharedClient(Feed, {
    name: 'f',
    timeoutMs: Number.POSITIVE_INFINITY,
    readyTimeoutMs: 1,
    openTimeoutMs: 1,
    drainTimeoutMs: 1,
    primaryTimeoutMs: 1,
    methods: { latest: { idempotent: true, timeoutMs: 5, role: 'invoke' }, onlyAtRunTime: { role: 'publish' } },
    events: ['x'],
    failOn: ['end'],
    eligible: false,
    priority: -1,
    replay: 'none',
    handover: 'overlap',
    resignOn: ['SIGTERM'],
    standalone: true,
  });
  // @ts-expect-error no such role
  createSharedClient(Feed, { name: 'f', methods: { latest: { role: 'get' } } });
  // @ts-expect-error nothing else is said of a method
  createSharedClient(Feed, { name: 'f', methods: { latest: { retries: 1 } } });
  // @ts-expect-error no such signal
  createSharedClient(Feed, { name: 'f', resignOn: ['TERM'] });
  // @ts-expect-error no such option
  createSharedClient(Feed, { name: 'f', timeout: 1 });
  // @ts-expect-error one of two words
  createSharedClient(Feed, { name: 'f', replay: 'first' });
}
