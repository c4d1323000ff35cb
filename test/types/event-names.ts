// Names of events in the options, where the class has types for them.

import { EventEmitter } from 'node:events';
import { Redis } from 'ioredis';
import pg from 'pg';
import { WebSocket } from 'ws';
import { createSharedClient, Registry } from './registry.js';

declare class Named {
  on(event: 'open', listener: () => void): this;
  on(event: 'changed', listener: (key: string) => void): this;
}

declare class Many {
  on(event: 'a'): this;
  on(event: 'b'): this;
  on(event: 'c'): this;
  on(event: 'd'): this;
  on(event: 'e'): this;
  on(event: 'f'): this;
  on(event: 'g'): this;
  on(event: 'h'): this;
  on(event: 'i'): this;
  on(event: 'j'): this;
  on(event: 'k'): this;
  on(event: 'l'): this;
}

class Plain extends EventEmitter {}

class Mapped extends EventEmitter<{ open: []; changed: [key: string] }> {}

export function overloads() {
  createSharedClient(Named, { name: 'a', events: ['changed'], readyOn: 'open', failOn: [], resyncOn: ['open'] });
  // @ts-expect-error misspelled
  createSharedClient(Named, { name: 'a', events: ['chnged'] });
  // @ts-expect-error misspelled
  createSharedClient(Named, { name: 'a', readyOn: 'opened' });
  // @ts-expect-error misspelled
  createSharedClient(Named, { name: 'a', resyncOn: ['opened'] });
}

export function ofPackages() {
  createSharedClient(pg.Pool, { name: 'a', failOn: ['error', 'remove'] });
  // @ts-expect-error misspelled
  createSharedClient(pg.Pool, { name: 'a', failOn: ['removed'] });
  // These take any event.
  createSharedClient(Redis, { name: 'a', readyOn: 'ready', resyncOn: ['ready'], events: ['anything'] });
  createSharedClient(WebSocket, { name: 'a', args: ['ws://localhost'], readyOn: ['open'], failOn: ['close'] });
}

/** Nothing is known of their events. */
export function untyped(names: string[]) {
  createSharedClient(Many, { name: 'a', events: ['a', 'l'] });
  createSharedClient(Plain, { name: 'a', events: ['anything'], failOn: names });
  createSharedClient(Mapped, { name: 'a', events: ['open'], failOn: ['changed'] });
  createSharedClient(Registry, { name: 'a', args: [{ url: '' }], events: names });
  createSharedClient({ name: 'a', open: ({ fail }) => new Plain().on('error', fail), events: names });
}
