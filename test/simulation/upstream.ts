// The server of one group and its real clients: as slow, broken and late as a plan says, and a witness of all that is done.

import { callContext, type OpenContext } from '../../lib/index.js';
import type { SimGroup } from './group.js';
import type { CallAction, Illness, Poison } from './plan.js';
import { FIRST_WITH_OPERATIONS, OPEN_TIMEOUT_MS } from './plan.js';
import { gatherIn, type StreamTask, streamOf } from './streams.js';
import type { SimWorker } from './worker.js';
import type { World } from './world.js';

/** What a call asks of the real client. */
export interface Task {
  readonly id: number;
  readonly what: CallAction['what'];
  readonly ms: number;
  readonly signal?: AbortSignal;
  readonly padding?: string;
}

/** A publication; `key` and `version` where it is sticky. */
export interface Said {
  readonly id: number;
  readonly owner: number;
  readonly key?: number;
  readonly version?: number;
  readonly poison?: Poison;
}

export interface Value {
  readonly topic: number;
  readonly seq: number;
  readonly padding: string;
}

type ValueListener = (value: Value) => void;

export class SimUpstream {
  clients: SimClient[] = [];
  /** The newest value of each topic. */
  readonly newest = new Map<number, number>();
  illness: { readonly how: Illness; readonly delayMs: number } | undefined;

  /** Events of all its real clients are counted as they are emitted. */
  lastEvent = 0;

  constructor(
    readonly world: World,
    readonly group: SimGroup,
  ) {}

  is(how: Illness): boolean {
    return this.illness?.how === how;
  }

  /** Waits as the illness says, if it is one of `how`. */
  async suffer(home: SimWorker, ...how: Illness[]): Promise<void> {
    if (!this.illness || !how.includes(this.illness.how)) return;
    const { delayMs } = this.illness;
    const isRefusal = this.illness.how.startsWith('refuses');
    const isForever = this.illness.how.startsWith('never');
    if (isForever) await new Promise(() => {});
    await home.sleep(delayMs);
    if (isRefusal) throw new Error('The server refused.');
  }

  async open(home: SimWorker, context: OpenContext): Promise<SimClient> {
    this.world.leaders.opens(this.group, home);
    await this.suffer(home, 'refuses', 'opens late', 'never opens');
    return new SimClient(this, home, context);
  }

  /** The server has new values. */
  push(topic: number, count: number): void {
    for (let i = 0; i < count; i++) {
      const seq = (this.newest.get(topic) ?? 0) + 1;
      this.newest.set(topic, seq);
      for (const client of this.clients) send(client, { topic, seq, padding: this.world.padding });
    }
  }

  /** Its real clients lose their connection for a moment and come back: values are missed meanwhile. */
  miss(topic: number, count: number): void {
    this.newest.set(topic, (this.newest.get(topic) ?? 0) + count);
    for (const client of this.live) comesBack(client);
  }

  /** Real clients with a connection to the server. */
  get live(): SimClient[] {
    this.clients = this.clients.filter(client => isLive(client));
    return this.clients;
  }
}

interface Entry {
  readonly topic: number;
  readonly listener: ValueListener;
}

interface Inner {
  readonly upstream: SimUpstream;
  readonly home: SimWorker;
  readonly openedAt: number;
  closingSince: number | undefined;
  /** When the primary was closed under which it was opened. */
  shutAt: number | undefined;
  isClosed: boolean;
  /** It may live beside another: its leader was deposed without a word, or it came too late. */
  isExcused: boolean;
  readonly entries: Entry[];
  readonly leaving: Map<number, number>;
  /** Topics whose entry was ended by an earlier, late unsubscribe. */
  readonly ended: Set<number>;
  /** What came by the connection: values, or that it is a new one. */
  readonly inbox: ({ readonly entry: Entry; readonly value: Value } | 'back')[];
  readonly events: Map<string, Set<(...args: unknown[]) => void>>;
  /** What is said and not taken back: by owner and key. */
  readonly sticky: Map<string, number>;
  readonly context: OpenContext | undefined;
  /** Calls that don't end by themselves, and the signals that say that nobody waits any more. */
  readonly endless: Map<number, AbortSignal>;
}

/** Beside the object, so that no name of ours is a method of the real client. */
const inners = new WeakMap<SimClient, Inner>();

export const innerOf = (client: SimClient): Inner => inners.get(client)!;

export class SimClient {
  constructor(upstream: SimUpstream, home: SimWorker, context?: OpenContext) {
    inners.set(this, {
      upstream,
      home,
      openedAt: upstream.world.time.now(),
      closingSince: undefined,
      shutAt: undefined,
      isClosed: false,
      isExcused: context?.signal.aborted ?? false,
      entries: [],
      leaving: new Map(),
      ended: new Set(),
      inbox: [],
      events: new Map(),
      sticky: new Map(),
      context,
      endless: new Map(),
    });
    upstream.clients.push(this);
    upstream.world.log(() => `  ${home}: a real client of ${upstream.group} opens`);
  }

  run(task: Task): unknown {
    return work(this, task);
  }

  hasty(task: Task): unknown {
    return work(this, task);
  }

  again(task: Task): unknown {
    return work(this, task);
  }

  drop(task: Task): unknown {
    return work(this, task);
  }

  stream(task: StreamTask): AsyncIterable<number> {
    return streamOf(this, task);
  }

  gather(task: StreamTask, items: AsyncIterable<number>): Promise<number> {
    return gatherIn(this, task, items);
  }

  publish(said: Said): unknown {
    const { upstream, home, sticky } = innerOf(this);
    upstream.world.calls.started(said.id, upstream.group, home);
    home.work();
    if (said.key === undefined) return said.id;
    const poison = said.poison && upstream.world.poisoned(`sticky ${said.key}`, upstream.group, home, said.poison);
    if (poison || upstream.is('never publishes')) return upstream.world.calls.neverEnds(said.id);
    const name = `${said.owner}:${said.key}`;
    const before = sticky.get(name);
    const isRepeated = before === said.version && upstream.world.calls.mayRepeat(said.id);
    if (before !== undefined && before >= said.version! && !isRepeated) {
      const text = `${upstream.group}: version ${said.version} of sticky ${name} was said after version ${before} in one term`;
      upstream.world.broken('sticky', text);
    }
    sticky.set(name, said.version!);
    return said.id;
  }

  unpublish(said: Said): void {
    const { upstream, home, sticky } = innerOf(this);
    const name = `${said.owner}:${said.key}`;
    upstream.world.log(() => `  ${home}: takes back sticky ${name} of ${upstream.group}`);
    if ((sticky.get(name) ?? 0) <= said.version!) sticky.delete(name);
    upstream.world.calls.takenBack(said.id);
  }

  subscribe(topic: number, listener: ValueListener): unknown {
    const { upstream, home, entries, leaving } = innerOf(this);
    const { world, group, newest } = upstream;
    world.log(() => `  ${home}: subscribes to ${group} t${topic}`);
    const how = world.poisons.get(topic);
    const poison = how && world.poisoned(`topic ${topic}`, group, home, how);
    if (poison) return poison;
    if (upstream.is('never subscribes')) return new Promise(() => {});
    if (entries.some(entry => entry.topic === topic)) world.broken('one subscription', `${group} t${topic} twice`);
    // One that takes too long is not waited for.
    if (world.time.now() < (leaving.get(topic) ?? 0) + OPEN_TIMEOUT_MS)
      world.broken('one subscription', `${group} t${topic} while it was being unsubscribed`);
    const entry = { topic, listener };
    home.work();
    const refuse = upstream.is('refuses to subscribe');
    if (!refuse) entries.push(entry);
    const seq = newest.get(topic);
    if (!refuse && group.plan.greets && seq !== undefined) {
      world.values.greeted(group, topic, seq);
      send(this, { topic, seq, padding: world.padding });
    }
    return upstream.suffer(home, 'refuses to subscribe', 'subscribes slowly');
  }

  unsubscribe(topic: number, listener: ValueListener): unknown {
    const { upstream, home, entries, leaving, ended } = innerOf(this);
    upstream.world.log(() => `  ${home}: unsubscribes from ${upstream.group} t${topic}`);
    const at = entries.findIndex(entry => entry.topic === topic && entry.listener === listener);
    if (at < 0 && !ended.delete(topic))
      upstream.world.broken('one subscription', `${upstream.group} t${topic} was not subscribed to`);
    else if (at >= 0) entries.splice(at, 1);
    if (upstream.is('never unsubscribes')) return new Promise(() => {});
    if (upstream.is('unsubscribes late'))
      return home.sleep(upstream.illness!.delayMs).then(() => endTopic(this, topic));
    if (!upstream.is('subscribes slowly')) return undefined;
    leaving.set(topic, upstream.world.time.now());
    return home.sleep(upstream.illness!.delayMs).then(() => leaving.delete(topic));
  }

  on(event: string, listener: (...args: unknown[]) => void): void {
    const { events } = innerOf(this);
    let listeners = events.get(event);
    if (!listeners) {
      listeners = new Set();
      events.set(event, listeners);
    }
    listeners.add(listener);
  }

  off(event: string, listener: (...args: unknown[]) => void): void {
    innerOf(this).events.get(event)?.delete(listener);
  }

  close(): unknown {
    const inner = innerOf(this);
    const { upstream, home } = inner;
    upstream.world.log(() => `  ${home}: a real client of ${upstream.group} closes`);
    if (inner.closingSince !== undefined) upstream.world.broken('one real client', 'it was closed twice');
    inner.closingSince = upstream.world.time.now();
    inner.entries.length = 0;
    const over = () => {
      inner.isClosed = true;
    };
    if (upstream.is('never closes')) return new Promise(() => {});
    if (upstream.is('closes slowly')) return home.sleep(upstream.illness!.delayMs).then(over);
    return over();
  }
}

/** What a call asks for. @returns the call's number, and what came with it */
function work(client: SimClient, task: Task): unknown {
  const { calls } = innerOf(client).upstream.world;
  const result = begin(client, task);
  const finished = () => calls.finished(task.id);
  if (result instanceof Promise) result.then(finished, finished);
  else finished();
  return result;
}

function begin(client: SimClient, task: Task): unknown {
  const { upstream, home, endless } = innerOf(client);
  const { id, what, ms, padding, signal } = task;
  upstream.world.calls.started(id, upstream.group, home);
  home.work();
  const result = padding === undefined ? id : { id, padding };
  switch (what) {
    case 'sync':
      return result;
    case 'throws':
      throw new Error(`thrown ${id}`);
    case 'never':
    case 'obeys':
      endless.set(id, callContext()!.signal);
      return new Promise(resolve => {
        if (what === 'never') return;
        signal?.addEventListener('abort', () => {
          endless.delete(id);
          resolve(result);
        });
      });
    case 'kills':
    case 'hangs':
      return upstream.world.poisoned(`call ${id}`, upstream.group, home, what) ?? result;
    case 'blocks':
      home.block(ms);
      return Promise.resolve(result);
    case 'slow':
      return home.sleep(ms).then(() => result);
    default:
      return Promise.resolve(result);
  }
}

/** It knows topics and not listeners: what was subscribed to anew ends as well. */
function endTopic(client: SimClient, topic: number): void {
  const { entries, ended } = innerOf(client);
  const at = entries.findIndex(entry => entry.topic === topic);
  if (at < 0) return;
  entries.splice(at, 1);
  ended.add(topic);
}

/** The class that the code of one worker has. */
export function classFor(upstream: SimUpstream, home: SimWorker): new () => SimClient {
  return class Registry extends SimClient {
    constructor() {
      upstream.world.leaders.opens(upstream.group, home);
      super(upstream, home);
    }

    ready(): Promise<void> {
      return upstream.suffer(home, 'refuses', 'opens late', 'never opens');
    }
  };
}

export function isLive(client: SimClient): boolean {
  const { isClosed, home } = innerOf(client);
  return !isClosed && home.process.isAlive;
}

/** It breaks: an event of `failOn`, or `fail()`. */
export function breakClient(client: SimClient): void {
  const { home, events, context, upstream } = innerOf(client);
  home.run(() => {
    upstream.world.log(() => `  ${home}: the real client of ${upstream.group} breaks`);
    context?.fail(new Error('The connection broke.'));
    for (const listener of [...(events.get('lost') ?? [])]) listener(new Error('The connection was lost.'));
  });
}

function comesBack(client: SimClient): void {
  const { home, inbox } = innerOf(client);
  inbox.push('back');
  home.run(() => receive(client));
}

/** It has something to tell to every worker. */
export function emitEvent(client: SimClient): void {
  const { home, events, upstream } = innerOf(client);
  home.run(() => {
    const number = ++upstream.lastEvent;
    upstream.world.log(() => `  ${home}: the real client of ${upstream.group} emits event ${number}`);
    for (const listener of [...(events.get('news') ?? [])]) listener(number);
  });
}

/** By one connection, so in order. */
function send(client: SimClient, value: Value): void {
  const { home, entries, inbox } = innerOf(client);
  for (const entry of entries) {
    if (entry.topic !== value.topic) continue;
    inbox.push({ entry, value });
    home.run(() => receive(client));
  }
}

function receive(client: SimClient): void {
  const { home, inbox, upstream, context, events } = innerOf(client);
  const next = inbox.shift()!;
  if (next !== 'back') return hear(next.entry, next.value, upstream.world);
  upstream.world.log(() => `  ${home}: the real client of ${upstream.group} came back`);
  // By `resync()` where `open` made it, else by an event.
  if (context) context.resync();
  else for (const listener of [...(events.get('back') ?? [])]) listener();
}

/** Some real clients call their listeners with more than the value, and with errors. */
function hear({ topic, listener }: Entry, value: Value, { plan }: World): void {
  if (plan.seed < FIRST_WITH_OPERATIONS) return listener(value);
  const call = listener as (...args: unknown[]) => void;
  if (value.seq % 5 === 0) call(new Error('A message could not be read.'), undefined);
  call(topic, value);
}

/** The term of the call that runs now. */
export const termNow = (): number | undefined => callContext()?.term;
export const deadlineNow = (): number | undefined => callContext()?.deadline;
