// Streams on every route, in the leader's own worker and in another one: sources, and what they did.

import { EventEmitter, once } from 'node:events';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { createMemoryCluster, type MemoryCluster, type TestWorker } from '../../../lib/testing.js';
import type { VirtualTime } from '../clocks/virtual-time.js';

// biome-ignore lint/suspicious/noExplicitAny: the types have tests of their own.
export type Any = any;

/** What the sources in a leader did. */
export class Watch extends EventEmitter {
  pulled = 0;
  ended: string[] = [];

  /** Numbers from 1; without an end, as many as are read. */
  async *numbers(end = Number.POSITIVE_INFINITY) {
    try {
      for (let i = 1; i <= end; i++) {
        this.pulled++;
        yield i;
      }
      this.ended.push('end');
    } finally {
      this.ended.push('finally');
      this.emit('ended');
    }
  }
}

class Source {
  static watch = new Watch();

  constructor(readonly watch = Source.watch) {}
  numbers(end?: number) {
    return this.watch.numbers(end);
  }
  async later(end: number) {
    await null;
    return this.watch.numbers(end);
  }
  *generated() {
    yield* [1, Promise.resolve(2), 3];
  }
  iterator() {
    let i = 0;
    return { next: async () => (++i <= 3 ? { value: i, done: false } : { value: undefined, done: true }) };
  }
  readable() {
    return Readable.from([Buffer.from('ab'), Buffer.from('cd')], { objectMode: false });
  }
  objects() {
    return Readable.from([{ a: 1 }, { a: 2 }]);
  }
  web() {
    return new ReadableStream({
      start(controller) {
        controller.enqueue(new Uint8Array([1, 2]));
        controller.enqueue(new Uint8Array([3]));
        controller.close();
      },
    });
  }
  map() {
    return new Map([[1, 'a']]).entries();
  }
  async *failing() {
    yield 1;
    throw Object.assign(new TypeError('in the middle'), { code: 'E_MIDDLE' });
  }
  async *rows() {
    yield new (class Row {
      constructor(readonly id = 1) {}
      save() {}
    })();
    yield new Date(5);
    yield undefined;
    yield 'x'.repeat(3000);
  }
  async *handles() {
    yield 1;
    yield new EventEmitter();
  }
  *blobs() {
    yield new Blob(['content']);
  }
  get(key: string) {
    return key;
  }
  async sum(numbers: AsyncIterable<number>, factor = 1) {
    let sum = 0;
    for await (const number of numbers) sum += number;
    return sum * factor;
  }
  async kindOf(stream: Any) {
    const items: unknown[] = [];
    for await (const item of stream) items.push(item);
    const kind = stream instanceof Readable ? 'node' : stream instanceof ReadableStream ? 'web' : 'iterable';
    return { kind, isObjectMode: stream.readableObjectMode, items };
  }
  async *doubled(numbers: AsyncIterable<number>) {
    for await (const number of numbers) yield 2 * number;
  }
  async firstOf(numbers: AsyncIterable<number>) {
    for await (const number of numbers) return number;
    return undefined;
  }
  ignored(_numbers: AsyncIterable<number>) {
    return 'ignored';
  }
}

type Route = 'relay' | 'direct' | 'json';

export interface Rig {
  readonly cluster: MemoryCluster;
  readonly leader: TestWorker;
  readonly follower: TestWorker;
  readonly watch: Watch;
  /** The handle under test, and that of the leader. */
  readonly handle: Any;
  readonly leaders: Any;
  readonly errors: Error[];
}

export async function rigOf(
  t: ExecutionContext,
  where: 'leader' | 'follower',
  route: Route,
  more: object = {},
  time?: VirtualTime,
): Promise<Rig> {
  const watch = new Watch();
  class Shared extends Source {
    constructor() {
      super(watch);
    }
  }
  const cluster = createMemoryCluster(time && { clock: time, schedule: time.schedule });
  t.teardown(() => cluster.close());
  cluster.setupPrimary({ route: route === 'direct' ? 'direct' : 'relay' });
  const serialization = route === 'json' ? 'json' : 'advanced';
  const [leader, follower] = [cluster.fork({ serialization }), cluster.fork({ serialization })];
  const errors: Error[] = [];
  const handles = [];
  for (const worker of [leader, follower]) {
    const handle = worker.createSharedClient(Shared, { name: 'g', ...more }) as Any;
    handle.on('error', (error: Error) => errors.push(error));
    await (time?.until(handle.ready()) ?? handle.ready());
    handles.push(handle);
  }
  const [leaders, followers] = handles as [Any, Any];
  if (route === 'direct') while (followers.status().route !== 'direct') await (time?.advance(1) ?? sleep(1));
  return { cluster, leader, follower, watch, handle: where === 'leader' ? leaders : followers, leaders, errors };
}

export const PLACES = [
  ['leader', 'relay'],
  ['follower', 'relay'],
  ['follower', 'json'],
  ['follower', 'direct'],
] as const;

export function everywhere(
  title: string,
  body: (t: ExecutionContext, rig: Rig) => Promise<void>,
  more: object = {},
): void {
  for (const [where, route] of PLACES)
    test(`${title} (${where}, ${route})`, async t => body(t, await rigOf(t, where, route, more)));
}

export async function all(stream: AsyncIterable<unknown>): Promise<unknown[]> {
  const items: unknown[] = [];
  for await (const item of stream) items.push(item);
  return items;
}

/** Waits until the source in the leader was ended. */
export async function ended(watch: Watch): Promise<string[]> {
  if (watch.ended.length === 0) await once(watch, 'ended');
  return watch.ended;
}
