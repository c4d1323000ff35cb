// The account of all streams: items come in order and once, each end is reached once on both sides, nothing is read ahead of
// its credit, and no source is left open.

import { SharedClientError } from '../../lib/errors/shared-client-error.js';
import type { StreamAction } from './plan.js';
import { innerOf, type SimClient } from './upstream.js';
import type { SimHandle, SimWorker } from './worker.js';
import type { World } from './world.js';

/** What a call of a stream asks of the real client. */
export interface StreamTask {
  readonly id: number;
  readonly count: number;
  readonly itemMs: number;
  readonly fails: boolean;
  /** Of a stream in the arguments: the method stops reading after so many items. */
  readonly stopAt: number;
}

/** Items that a side may have read ahead of the other: its window, and one that it waits for. */
const WINDOW = 16;

/** What a virtual machine needs beside the timeout. */
const MARGIN_MS = 30;

interface Side {
  readonly home: SimWorker;
  /** Items that were read from the source, or taken by the consumer. */
  items: number;
  end: string | undefined;
}

export interface SimStream {
  readonly id: number;
  readonly handle: SimHandle;
  readonly action: StreamAction;
  readonly window: number;
  /** Where the items are made. */
  source: Side | undefined;
  /** Where they are consumed. */
  consumer: Side | undefined;
  /** How the call ended. */
  end: string | undefined;
  /** Since when its consumer waits for an item. */
  waitsSince: number | undefined;
}

export class StreamAccount {
  readonly ends = new Map<string, number>();
  readonly #all = new Map<number, SimStream>();

  constructor(private readonly world: World) {}

  // --------------------------------------------------------------------------------------------------- the caller

  start(handle: SimHandle, action: StreamAction): SimStream {
    const { way, timeoutMs, count, itemMs, fails, stopAt, window } = action;
    const id = this.world.calls.nextId();
    const stream: SimStream = {
      id,
      handle,
      action,
      window: way === 'down' ? window : WINDOW,
      source: undefined,
      consumer: undefined,
      end: undefined,
      waitsSince: undefined,
    };
    this.#all.set(id, stream);
    this.world.log(() => `  ${handle.worker}: stream ${id} begins, ${way}, of ${count} items`);
    const task: StreamTask = { id, count, itemMs, fails, stopAt };
    const abort = action.abortMs === undefined ? undefined : new AbortController();
    const client = handle.client.with({ timeoutMs, maxQueued: window, ...(abort && { signal: abort.signal }) });
    if (way === 'down') void this.#read(stream, client.invoke('stream', task) as unknown as AsyncIterable<unknown>);
    else void this.#send(stream, client.invoke('gather', task, this.items(id, handle.worker)));
    if (abort)
      handle.worker.clock.setTimer(
        () => stream.end === undefined && abort.abort(new Error('The caller gave up.')),
        action.abortMs!,
      );
    return stream;
  }

  async #read(stream: SimStream, items: AsyncIterable<unknown>): Promise<void> {
    const { handle, action } = stream;
    try {
      const iterator = items[Symbol.asyncIterator]();
      for (;;) {
        stream.waitsSince = this.world.time.now();
        const { value, done } = await iterator.next();
        stream.waitsSince = undefined;
        if (done) return this.#readEnded(stream);
        this.consumed(stream.id, handle.worker, value as number);
        if (stream.consumer!.items === action.stopAt) {
          await iterator.return!();
          return this.#ended(stream, 'stopped');
        }
        if (action.readMs > 0) await handle.worker.sleep(action.readMs);
      }
    } catch (error) {
      this.#failed(stream, error);
    }
  }

  #readEnded(stream: SimStream): void {
    const { id, source, consumer } = stream;
    this.#ended(stream, 'ok');
    if (source?.end !== 'ok') this.world.broken('streams', `stream ${id} ended, and its source did not`);
    if ((consumer?.items ?? 0) !== source?.items)
      this.world.broken('streams', `stream ${id} ended after ${consumer?.items} of ${source?.items} items`);
  }

  async #send(stream: SimStream, result: PromiseLike<unknown>): Promise<void> {
    stream.waitsSince = this.world.time.now();
    try {
      const count = await result;
      stream.waitsSince = undefined;
      this.#ended(stream, 'ok');
      if (count !== (stream.consumer?.items ?? 0))
        this.world.broken(
          'streams',
          `stream ${stream.id}: the method took ${count} of ${stream.consumer?.items} items`,
        );
    } catch (error) {
      this.#failed(stream, error);
    }
  }

  #failed(stream: SimStream, error: unknown): void {
    const { id, action, handle } = stream;
    stream.waitsSince = undefined;
    if (error instanceof SharedClientError) {
      this.#ended(stream, error.code);
      if (error.outcome === 'not-started' && action.way === 'down' && stream.source)
        this.world.broken('streams', `stream ${id} ended with ${error.code}, not-started, but its source began`);
      if (error.code === 'ERR_PROTOCOL') this.world.broken('streams', `stream ${id} of ${handle}: ${error.message}`);
      return;
    }
    const message = error instanceof Error ? error.message : String(error);
    this.#ended(stream, message.replace(/\d+/, 'n'));
    const isOwn = (action.fails && message === `broken ${id}`) || message === 'The caller gave up.';
    if (!isOwn) this.world.broken('streams', `stream ${id} failed with what nobody threw: ${(error as Error).stack}`);
  }

  #ended(stream: SimStream, end: string): void {
    if (stream.end !== undefined) this.world.broken('streams', `stream ${stream.id} ended twice`);
    stream.end = end;
    this.ends.set(end, (this.ends.get(end) ?? 0) + 1);
    this.world.log(() => `  ${stream.handle.worker}: stream ${stream.id} ends: ${end}`);
  }

  // --------------------------------------------------------------------------------------- sources and consumers

  /** A source, in the leader or, of a stream in the arguments, in the caller's worker. */
  items(id: number, home: SimWorker): AsyncIterable<number> {
    const numbers = this.#numbers(id, home);
    let returns = 0;
    const end = () => {
      // It may have ended by itself in the same tick.
      if (++returns > 1) this.world.broken('streams', `return() of the source of stream ${id} is called twice`);
      return numbers.return(undefined);
    };
    return { [Symbol.asyncIterator]: () => ({ next: () => numbers.next(), return: end }) };
  }

  async *#numbers(id: number, home: SimWorker): AsyncGenerator<number> {
    const stream = this.#all.get(id)!;
    const { count, itemMs, fails } = stream.action;
    if (stream.source) this.world.broken('streams', `the source of stream ${id} began twice`);
    const side: Side = { home, items: 0, end: undefined };
    stream.source = side;
    let end = 'stopped';
    try {
      while (side.items < count) {
        if (itemMs > 0) await home.sleep(itemMs);
        side.items++;
        this.#checkCredit(stream);
        yield side.items;
      }
      end = fails ? 'failed' : 'ok';
      if (fails) throw new Error(`broken ${id}`);
    } finally {
      if (side.end !== undefined) this.world.broken('streams', `the source of stream ${id} ended twice`);
      side.end = end;
    }
  }

  /** A stream in the arguments of a call, in the leader. @returns the number of items that it took */
  async gather(task: StreamTask, home: SimWorker, items: AsyncIterable<number>): Promise<number> {
    const stream = this.#all.get(task.id)!;
    let count = 0;
    for await (const item of items) {
      this.consumed(task.id, home, item);
      if (++count === task.stopAt) break;
      if (stream.action.readMs > 0) await home.sleep(stream.action.readMs);
    }
    return count;
  }

  consumed(id: number, home: SimWorker, item: number): void {
    const stream = this.#all.get(id)!;
    const { world } = this;
    if (stream.consumer && stream.consumer.home !== home)
      return world.broken('streams', `stream ${id} is consumed in ${home} and in ${stream.consumer.home}`);
    stream.consumer ??= { home, items: 0, end: undefined };
    // A method in the leader may still read for a moment.
    if (stream.end !== undefined && stream.action.way === 'down')
      world.broken('streams', `item ${item} of stream ${id} came after its end`);
    if (item !== stream.consumer.items + 1)
      world.broken('streams', `item ${item} of stream ${id} came after ${stream.consumer.items}`);
    stream.consumer.items = item;
  }

  #checkCredit({ id, source, consumer, window }: SimStream): void {
    const ahead = source!.items - (consumer?.items ?? 0);
    if (ahead > window + 1)
      this.world.broken('streams', `the source of stream ${id} is ${ahead} items ahead, with room for ${window}`);
  }

  // ------------------------------------------------------------------------------------------------------- checks

  /** Looks for consumers that wait for too long. */
  lookForLate(): void {
    const now = this.world.time.now();
    for (const { id, handle, end, waitsSince, action } of this.#all.values()) {
      const { worker } = handle;
      if (end !== undefined || waitsSince === undefined || !worker.process.isAlive || worker.isFrozen) continue;
      const latest = Math.max(waitsSince + action.timeoutMs, worker.disturbedAt) + MARGIN_MS;
      if (now > latest)
        this.world.broken('in time', `stream ${id} of ${handle} has waited ${Math.round(now - waitsSince)} ms`);
    }
  }

  /** A source that goes on in a leader although nobody reads it any more. */
  get abandoned(): string | undefined {
    for (const { id, handle, action, end, source } of this.#all.values()) {
      const isWanted = end === undefined && handle.worker.isLinked;
      if (action.way === 'down' && !isWanted && source?.end === undefined && source?.home.isLinked)
        return `the source of stream ${id} goes on in ${source.home}; the stream of ${handle} ended: ${end}`;
    }
    return undefined;
  }

  /** All is closed: a stream that did not end, or a source that nobody ended. */
  get left(): string | undefined {
    for (const { id, handle, end, source } of this.#all.values()) {
      if (end === undefined && handle.worker.process.isAlive)
        return `stream ${id} of ${handle} has not ended: ${JSON.stringify(this.#all.get(id)!.action)}`;
      if (source && source.end === undefined && source.home.process.isAlive)
        return `the source of stream ${id} in ${source.home} was not ended; the stream ended: ${end}`;
    }
    return undefined;
  }
}

/** Of the real client. */
export function streamOf(client: SimClient, { id }: StreamTask): AsyncIterable<number> {
  const { upstream, home } = innerOf(client);
  home.work();
  return upstream.world.streams.items(id, home);
}

export function gatherIn(client: SimClient, task: StreamTask, items: AsyncIterable<number>): Promise<number> {
  const { upstream, home } = innerOf(client);
  home.work();
  return upstream.world.streams.gather(task, home, items);
}
