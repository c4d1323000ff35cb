// One random life of a cluster: calls, subscriptions and publications under every fault there is, and what must hold all the while.

import type { SharedClientError } from '../../lib/index.js';
import type { TestWorker } from '../../lib/testing.js';
import { type Pick, randomFrom } from './system-clock.js';
import { type Client, LEADER_TIMEOUT_MS, Rig } from './system-rig.js';

interface Made {
  readonly id: string;
  readonly by: Actor;
  /** In the order made by one member. */
  readonly seq: number;
  readonly isIdempotent: boolean;
  end: string | undefined;
}

interface Heard {
  lastTerm: number;
  lastN: number;
  /** Something was said to be missed since the last value. */
  hasGap: boolean;
}

/** A worker and what it asked for. */
interface Actor {
  readonly worker: TestWorker;
  readonly client: Client;
  seq: number;
  readonly subscriptions: Map<string, { readonly unsubscribe: () => unknown; readonly heard: Heard }>;
  /** What is said under each key; undefined: taken back. */
  readonly said: Map<string, string | undefined>;
}

export interface SimulationOptions {
  readonly seed: number;
  readonly steps?: number;
}

const MIB = 1024 * 1024;
const LARGE = 'x'.repeat(600_000);
const TOPICS = ['a', 'b'];
const KEYS = ['k', 'l'];

/** @returns what was wrong; empty where all was well */
export async function simulate({ seed, steps = 60 }: SimulationOptions): Promise<string[]> {
  const simulation = new Simulation(randomFrom(seed), steps);
  return simulation.run();
}

export class Simulation {
  readonly #pick: Pick;
  readonly #steps: number;
  readonly rig: Rig;
  readonly #faults: string[] = [];
  readonly #actors: Actor[] = [];
  readonly made = new Map<string, Made>();
  readonly #options: {
    handover: 'exclusive' | 'overlap';
    replay: 'last' | 'none';
    restartOn: string[];
    drainTimeoutMs: number;
  };
  /** Large calls and values, so that channels fill. */
  readonly #isLoaded: boolean;
  #pushed = 0;
  #isOpenable = true;
  readonly log: string[] = [];

  constructor(pick: Pick, steps: number) {
    this.#pick = pick;
    this.#steps = steps;
    this.rig = new Rig({
      channels: 'mixed',
      pick,
      latencyMs: this.#oneOf([0, 0, 1, 7]),
      primary: {
        hungLeader: this.#oneOf(['depose', 'depose', 'kill']),
        maxQueuedBytes: 2 * MIB,
        maxQueuedTotalBytes: 3 * MIB,
      },
    });
    this.#isLoaded = pick(4) === 0;
    this.#options = {
      handover: this.#oneOf(['exclusive', 'overlap']),
      replay: this.#oneOf(['last', 'none']),
      restartOn: ['end'],
      drainTimeoutMs: this.#oneOf([50, 1000, 5000]),
    };
  }

  async run(): Promise<string[]> {
    const { time } = this.rig;
    const upstream = this.rig.upstream();
    upstream.mostLive = Number.POSITIVE_INFINITY;
    upstream.onReady = () => this.#opening();
    upstream.onSubscribe = () => this.#slowly();
    upstream.onUnsubscribe = () => this.#slowly();
    upstream.onClose = () => this.#slowly();
    for (let i = 0; i < 3; i++) this.#join();
    for (let i = 0; i < this.#steps; i++) {
      this.#act();
      if (this.#pick(2) === 0) await time.turns(this.#pick(12));
      else await time.advance(this.#oneOf([0, 0, 0, 1, 5, 20, 100, LEADER_TIMEOUT_MS, 900]));
    }
    await this.#heal();
    await this.#check();
    this.rig.cluster.close();
    return this.#faults;
  }

  // ------------------------------------------------------------------------------------------------------- acting

  #act(): void {
    // Some were killed because they hung.
    for (const actor of this.#actors.filter(({ worker }) => !worker.isAlive)) this.#leave(actor);
    while (this.#actors.length < 3) this.#join();
    const actor = this.#oneOf(this.#actors);
    const acts: [weight: number, name: string, act: () => void][] = [
      [12, 'calls', () => this.#call(actor)],
      [4, 'subscribe', () => this.#subscribe(actor)],
      [2, 'unsubscribe', () => this.#unsubscribe(actor)],
      [6, 'push', () => this.#push()],
      [3, 'say', () => this.#say(actor)],
      [1, 'take back', () => this.#takeBack(actor)],
      [2, 'kill', () => this.#end(actor, () => actor.worker.kill())],
      [1, 'disconnect', () => this.#end(actor, () => actor.worker.disconnect())],
      [1, 'close', () => this.#close(actor)],
      [2, 'resign', () => void actor.client.resign()],
      [2, 'transfer', () => void this.rig.primary.transfer('g').catch(() => {})],
      [3, 'freeze', () => this.rig.freeze(actor.worker)],
      [3, 'thaw', () => actor.worker.thaw()],
      [1, 'freeze the primary', () => this.rig.cluster.freezePrimary()],
      [3, 'thaw the primary', () => this.rig.cluster.thawPrimary()],
      [1, 'stop reading', () => actor.worker.stopReading()],
      [2, 'start reading', () => actor.worker.startReading()],
      [1, 'delay', () => actor.worker.delay(this.#oneOf([0, 3, 50, 300]))],
      [1, 'break', () => this.rig.upstream().emit('end', new Error('broken'))],
      [1, 'refuse to open', () => this.#setOpenable(false)],
      [2, 'open', () => this.#setOpenable(true)],
      [1, 'jump', () => this.rig.time.jump(this.#oneOf([10, 500]))],
    ];
    let at = this.#pick(acts.reduce((sum, [weight]) => sum + weight, 0));
    const [, name, act] = acts.find(([weight]) => (at -= weight) < 0)!;
    this.log.push(`${Math.round(this.rig.time.now())} ${name} ${actor.worker.workerId}`);
    act();
  }

  #join(): void {
    const worker = this.rig.fork();
    const client = this.rig.client(worker, { ...this.#options, openTimeoutMs: 1000 });
    const actor: Actor = { worker, client, seq: 0, subscriptions: new Map(), said: new Map() };
    client.on('resync', ({ key }) => {
      const heard = actor.subscriptions.get(JSON.parse(key))?.heard;
      if (heard) heard.hasGap = true;
    });
    this.#actors.push(actor);
  }

  #call(actor: Actor): void {
    const count = this.#oneOf([1, 1, 3, 10]);
    for (let i = 0; i < count; i++) {
      const id = `call ${this.made.size}`;
      const isIdempotent = this.#pick(3) === 0;
      const made: Made = { id, by: actor, seq: ++actor.seq, isIdempotent, end: undefined };
      this.made.set(id, made);
      const client = actor.client.with({ idempotent: isIdempotent, timeoutMs: this.#oneOf([50, 10_000, 10_000]) });
      const isLarge = this.#isLoaded && this.#pick(4) === 0;
      const kinds = [() => client.echo(id), () => client.work(id, this.#oneOf([1, 10, 200]))];
      const promise = isLarge ? client.invoke('echo' as string, id, LARGE) : kinds[this.#pick(2)]!();
      promise.then(
        result => this.#ended(made, result === id ? 'ok' : `got ${result}`),
        (error: SharedClientError) => this.#ended(made, `${error.code ?? error.message} ${error.outcome}`),
      );
    }
  }

  #ended(made: Made, end: string): void {
    if (made.end !== undefined) this.#faults.push(`${made.id} ended twice`);
    made.end = end;
  }

  #subscribe(actor: Actor): void {
    const topic = this.#oneOf(TOPICS);
    if (actor.subscriptions.has(topic)) return;
    const heard: Heard = { lastTerm: 0, lastN: 0, hasGap: true };
    const { client } = actor;
    const subscription = client.subscribe(topic, (value, { term, replayed }) => {
      const [n] = value as [number];
      const who = `${actor.worker.workerId} ${topic}`;
      if (heard.lastTerm !== 0 && term !== heard.lastTerm && !heard.hasGap)
        this.#faults.push(`${who}: a new term without resync`);
      if (term < heard.lastTerm) this.#faults.push(`${who}: a value of an older term`);
      if (n < heard.lastN || (n === heard.lastN && !replayed))
        this.#faults.push(`${who}: ${n} came after ${heard.lastN}`);
      if (n > heard.lastN + 1 && !heard.hasGap)
        this.#faults.push(`${who}: ${n} after ${heard.lastN}, and nobody said so`);
      heard.lastN = n;
      heard.lastTerm = term;
      heard.hasGap = false;
    });
    actor.subscriptions.set(topic, { heard, unsubscribe: () => subscription.unsubscribe() });
  }

  #unsubscribe(actor: Actor): void {
    const topic = this.#oneOf(TOPICS);
    void actor.subscriptions.get(topic)?.unsubscribe();
    actor.subscriptions.delete(topic);
  }

  /** The same numbers for all topics. */
  #push(): void {
    for (let i = this.#oneOf([1, 1, 5]); i > 0; i--) {
      this.#pushed++;
      const value = this.#isLoaded && this.#pick(3) === 0 ? [this.#pushed, LARGE] : [this.#pushed];
      for (const topic of TOPICS) this.rig.upstream().push(topic, value);
    }
  }

  #say(actor: Actor): void {
    const key = this.#oneOf(KEYS);
    const value = `${actor.worker.workerId} ${key} ${++actor.seq}`;
    actor.said.set(key, value);
    // One that failed is said to the next leader, but may be missing here.
    const failed = () => {
      if (actor.said.get(key) === value) actor.said.delete(key);
    };
    actor.client.with({ sticky: key }).publish(value, actor.worker.workerId, key).catch(failed);
  }

  #takeBack(actor: Actor): void {
    const key = this.#oneOf(KEYS);
    if (actor.said.has(key)) actor.said.set(key, undefined);
    actor.client.unpublish(key).catch(() => actor.said.delete(key));
  }

  #end(actor: Actor, end: () => void): void {
    end();
    this.#leave(actor);
  }

  /** Its worker goes on with a new client. */
  #close(actor: Actor): void {
    void actor.client.close();
    this.#leave(actor);
    this.#join();
  }

  #leave(actor: Actor): void {
    this.#actors.splice(this.#actors.indexOf(actor), 1);
  }

  #setOpenable(isOpenable: boolean): void {
    this.#isOpenable = isOpenable;
  }

  async #opening(): Promise<void> {
    const ms = this.#oneOf([0, 0, 10, 200]);
    if (ms > 0) await new Promise<void>(resolve => this.rig.time.setTimer(resolve, ms));
    if (!this.#isOpenable) throw new Error('refused');
  }

  #slowly(): Promise<void> | undefined {
    const ms = this.#oneOf([0, 0, 0, 5, 60, 700]);
    return ms === 0 ? undefined : new Promise<void>(resolve => this.rig.time.setTimer(resolve, ms));
  }

  // ----------------------------------------------------------------------------------------------------- checking

  async #heal(): Promise<void> {
    const { time, cluster, workers } = this.rig;
    this.#isOpenable = true;
    cluster.thawPrimary();
    for (const worker of workers) {
      worker.delay(0);
      worker.startReading();
      worker.thaw();
    }
    this.rig.upstream().frozen.clear();
    await time.advance(40_000);
    for (const actor of this.#actors.filter(({ worker }) => !worker.isAlive)) this.#leave(actor);
    if (this.#actors.length === 0) this.#join();
    await time.advance(1000);
  }

  async #check(): Promise<void> {
    const { time } = this.rig;
    const upstream = this.rig.upstream();
    this.#faults.push(...upstream.violations);
    this.#checkCalls();
    const results = Promise.all(
      this.#actors.map(({ client }) =>
        client.echo('last').then(
          () => 'ok',
          (error: Error) => error.message,
        ),
      ),
    );
    const ends = await time.until(results);
    for (const [i, end] of ends.entries())
      if (end !== 'ok') this.#faults.push(`at last ${this.#actors[i]!.worker.workerId}: ${end}`);
    if (upstream.live.length !== 1) this.#faults.push(`${upstream.live.length} real clients are open at last`);
    this.#checkSaid();
    await this.#checkSubscriptions();
  }

  #checkCalls(): void {
    const runs = new Map<string, number>();
    const order = new Map<string, number>();
    for (const { method, args, term } of this.rig.upstream().calls) {
      const made = this.made.get(args[0] as string);
      if (!made || (method !== 'echo' && method !== 'work')) continue;
      runs.set(made.id, (runs.get(made.id) ?? 0) + 1);
      if (made.isIdempotent) continue;
      const key = `${made.by.worker.workerId} in ${term}`;
      if (made.seq < (order.get(key) ?? 0)) this.#faults.push(`${made.id} of ${key} began after a later one`);
      order.set(key, made.seq);
    }
    for (const { id, end, by, isIdempotent } of this.made.values()) {
      const count = runs.get(id) ?? 0;
      const is = `${id} of ${by.worker.workerId} (${end}, ran ${count} times)`;
      if (end === undefined && by.worker.isAlive) this.#faults.push(`${is} never ended`);
      if (end?.startsWith('got')) this.#faults.push(is);
      if (end === 'ok' && count === 0) this.#faults.push(is);
      if (end?.endsWith('not-started') && count > 0) this.#faults.push(is);
      if (!isIdempotent && count > 1) this.#faults.push(is);
    }
  }

  #checkSaid(): void {
    const upstream = this.rig.upstream();
    const { term } = this.rig.primary.status().groups[0]!;
    const counts = new Map<string, number>();
    const last = new Map<string, string>();
    for (const { method, args, term: at } of upstream.calls) {
      if (method !== 'publish' && method !== 'unpublish') continue;
      const [value, workerId, key] = args as [string, number, string];
      if (method === 'publish') counts.set(`${value} in ${at}`, (counts.get(`${value} in ${at}`) ?? 0) + 1);
      if (at === term || at === undefined) last.set(`${workerId} ${key}`, method === 'publish' ? value : '');
    }
    for (const [what, count] of counts) if (count > 1) this.#faults.push(`${what} was said ${count} times`);
    for (const { worker, said } of this.#actors) {
      for (const [key, value] of said) {
        const now = last.get(`${worker.workerId} ${key}`) ?? '';
        if (now !== (value ?? ''))
          this.#faults.push(`under ${key} of ${worker.workerId} ${now || 'nothing'} is said, not ${value}`);
      }
    }
  }

  async #checkSubscriptions(): Promise<void> {
    await this.rig.time.advance(2000);
    const wanted = TOPICS.filter(topic => this.#actors.some(({ subscriptions }) => subscriptions.has(topic)));
    const topics = [...this.rig.upstream().topics].sort();
    if (topics.join() !== wanted.join()) this.#faults.push(`subscribed to ${topics} and not to ${wanted}`);
    this.#push();
    await this.rig.time.settle();
    for (const { worker, subscriptions } of this.#actors) {
      for (const [topic, { heard }] of subscriptions) {
        if (heard.lastN !== this.#pushed)
          this.#faults.push(`${worker.workerId} ${topic}: ${heard.lastN} is the last and not ${this.#pushed}`);
      }
    }
  }

  #oneOf<T>(choices: readonly T[]): T {
    return choices[this.#pick(choices.length)]!;
  }
}
