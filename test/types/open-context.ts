// An `open` that takes its context, beside each of the other options: the type of the real client is still inferred.

import { createSharedClient } from './registry.js';

class Session {
  find(id: number): Promise<{ id: number; name: string }> {
    return Promise.resolve({ id, name: 'Ada' });
  }
  begin(): number {
    return 1;
  }
  subscribe(_topic: string, _options: object): AsyncIterable<Session> {
    throw new Error('not called');
  }
}

class Nested {
  readonly users = { active: new Session() };
  at(_name: string): this {
    return this;
  }
}

const open = (fail: (error: unknown) => void) => {
  fail(undefined);
  return new Session();
};

export async function methods() {
  const client = createSharedClient({
    name: 'a',
    open: ({ fail }) => open(fail),
    methods: { find: { idempotent: true, result: (found: { name: string }) => found.name } },
  });
  const name: string = await client.find(1);
  return name;
}

export async function operations() {
  const client = createSharedClient({
    name: 'a',
    async open({ fail }) {
      return open(fail);
    },
    methods: { find: { idempotent: true } },
    operations: { add: (session, by: number) => session.begin() + by, check: session => session.begin() },
  });
  const { name } = await client.find(1);
  const sum: number = await client.add(2);
  const checked: number = await client.check();
  return [name, sum, checked];
}

export async function operationWithMethods() {
  const client = createSharedClient({
    name: 'a',
    open: ({ fail }) => open(fail),
    operations: { add: (session, by: number) => session.begin() + by },
    methods: { add: { role: 'ready' } },
  });
  const sum: number = await client.add(2);
  // @ts-expect-error no such method
  createSharedClient({ name: 'a', open: ({ fail }) => open(fail), methods: { fnd: { idempotent: true } } }).ready();
  return sum;
}

export async function namespaces() {
  const client = createSharedClient({
    name: 'a',
    open({ fail }) {
      fail(undefined);
      return new Nested();
    },
    namespaces: ['users.active'],
    methods: { 'users.active.find': { idempotent: true } },
  });
  const { id } = await client.users.active.find(1);
  // @ts-expect-error no such namespace
  createSharedClient({ name: 'a', open: ({ name }) => new Nested().at(name), namespaces: ['users.old'] }).ready();
  return id;
}

/** What `value` returns is what listeners get. */
export function values() {
  const client = createSharedClient({
    name: 'a',
    open: ({ fail }) => open(fail),
    methods: { subscribe: { value: (session: Session) => ({ count: session.begin() }) } },
  });
  client.subscribe('topic', ({ count }) => count.toFixed());
  // @ts-expect-error not what value returns
  client.subscribe('topic', (session: Session) => session.begin());
}
