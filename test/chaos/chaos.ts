// Chaos on real processes: a seed decides what befalls the cluster, and when. What must hold is checked all the while.

import { setTimeout as sleep } from 'node:timers/promises';
import { createClient } from 'redis';
import type { ChaosEvent, GroupName } from '../fixtures/process-chaos.js';
import { now } from '../helpers/process/wire.js';
import type { RedisService } from '../helpers/services/services.js';
import { Random } from '../helpers/unit/random.js';
import { ChaosCluster, type ChaosWorker } from './chaos-cluster.js';
import { FAULTS } from './faults.js';
import type { Judgement } from './lives.js';

export interface ChaosOptions {
  readonly seed: number;
  readonly workers: number;
  readonly route: 'relay' | 'direct';
  readonly durationMs: number;
  readonly redis?: RedisService;
  /** Told after each fault. */
  readonly progress?: (line: string) => void;
}

/** In bytes, after a garbage collection. */
export interface Memory {
  readonly held: number;
  /** The RSS, but for free room in V8's heap. */
  readonly resident: number;
}

export interface ChaosResult {
  readonly seed: number;
  /** How often each fault was done. */
  readonly faults: ReadonlyMap<string, number>;
  /** By fault, the longest time without a success at a worker that was not harmed itself, in ms. */
  readonly gaps: ReadonlyMap<string, readonly number[]>;
  readonly made: number;
  readonly ended: number;
  readonly ends: Readonly<Record<string, number>>;
  readonly terms: number;
  /** Of the real clients of the embedded upstream. */
  readonly lives: Judgement;
  /** Of the primary: at the start, in the middle, at the end. */
  readonly memory: readonly [Memory, Memory, Memory];
  readonly violations: readonly string[];
}

/** The share of its time that the cluster runs under load before its memory is looked at for the first time. */
const WARM_UP = 0.05;

/** What the primary may grow by in a run that is long enough to tell. */
const LONG_MS = 300_000;
const MOST_GROWTH = 1.2;

export async function runChaos(options: ChaosOptions): Promise<ChaosResult> {
  const chaos = new Chaos(options);
  try {
    return await chaos.run();
  } finally {
    await chaos.cluster.rig.end();
  }
}

class Chaos {
  readonly cluster: ChaosCluster;
  readonly #options: ChaosOptions;
  readonly #random: Random;
  readonly #run: string;
  readonly #faults = new Map<string, number>();
  readonly #gaps = new Map<string, number[]>();

  constructor(options: ChaosOptions) {
    this.#options = options;
    this.#random = new Random(options.seed * 7919 + 13);
    this.#run = `csc-chaos-${process.pid}`;
    const { redis, route } = options;
    this.cluster = new ChaosCluster({ run: this.#run, ...(redis && { redis: redis.address }) }, route);
  }

  async run(): Promise<ChaosResult> {
    const { cluster } = this;
    const { durationMs, workers, progress = () => {} } = this.#options;
    await cluster.start(workers);
    await sleep(WARM_UP * durationMs);
    const memory = [await this.#memory()];
    const from = now();
    let shown = 0;
    while (now() < from + durationMs) {
      const name = await this.#round();
      if (memory.length === 1 && now() > from + durationMs / 2) memory.push(await this.#memory());
      progress(this.#line(name, from));
      for (; shown < cluster.violations.length; shown++) progress(`  ${cluster.violations[shown]}`);
    }
    memory.push(await this.#memory());
    await this.#end();
    const lives = await cluster.judgeLives();
    cluster.violations.push(...lives.violations);
    const [start, end] = [memory[0]!, memory.at(-1)!];
    for (const what of ['held', 'resident'] as const) {
      if (durationMs >= LONG_MS && end[what] > MOST_GROWTH * start[what])
        cluster.violations.push(`the primary grew from ${start[what]} to ${end[what]} bytes (${what})`);
    }
    const all = cluster.reports.map(({ counts }) => counts);
    const ends: Record<string, number> = {};
    for (const { ends: own } of all)
      for (const [end, times] of Object.entries(own)) ends[end] = (ends[end] ?? 0) + times;
    return {
      seed: this.#options.seed,
      faults: this.#faults,
      gaps: this.#gaps,
      made: all.reduce((sum, { made }) => sum + made, 0),
      ended: all.reduce((sum, { ended }) => sum + ended, 0),
      ends,
      terms: (await cluster.rig.primary.eventsOf('appointed')).length,
      lives,
      memory: [memory[0]!, memory.at(-2)!, memory.at(-1)!],
      violations: cluster.violations,
    };
  }

  /** @returns what was done */
  async #round(): Promise<string> {
    const { cluster } = this;
    const aim = await this.#aim();
    const name = this.#draw();
    const fault = FAULTS[name]!;
    await this.#reportAll();
    const failed = new Map(cluster.workers.map(worker => [worker, this.#lostOf(worker)]));
    const deposed = (await cluster.rig.primary.eventsOf('deposed')).length;
    for (const worker of cluster.workers) await worker.do.takeGap().catch(() => {});
    const harmed = await fault.run(cluster, { ...aim, ms: 50 + this.#random.below(fault.longestMs ?? 100) });
    this.#faults.set(name, (this.#faults.get(name) ?? 0) + 1);
    // Sometimes the next fault meets what this one has left.
    if (this.#random.chance(0.2)) return name;
    await sleep(300 + this.#random.below(700));
    await cluster.calm();
    const unharmed = [...failed.keys()].filter(one => cluster.workers.includes(one) && !harmed.includes(one));
    await this.#noteGap(name, unharmed);
    await this.#reportAll();
    const silent = (await cluster.rig.primary.eventsOf('deposed'))
      .slice(deposed)
      .some(({ cause }) => cause !== 'resigned');
    if (fault.isPlanned && !silent && this.#isAlone) {
      for (const worker of unharmed) {
        const lost = this.#lostOf(worker) - failed.get(worker)!;
        if (lost > 0) cluster.violations.push(`${name}: ${lost} calls of worker ${worker.workerId} were lost`);
      }
    }
    this.#isAlone = true;
    await cluster.look();
    return name;
  }

  /** Whether nothing of the fault before is left. */
  #isAlone = true;

  async #aim(): Promise<{ group: GroupName; leader: ChaosWorker; other: ChaosWorker }> {
    const { cluster } = this;
    for (;;) {
      const group = this.#random.pick(cluster.groups);
      const leader = await cluster.leaderOf(group);
      const others = cluster.workers.filter(worker => worker !== leader);
      if (leader && others.length > 0) return { group, leader, other: this.#random.pick(others) };
      this.#isAlone = false;
      await sleep(20);
    }
  }

  #draw(): string {
    const entries = Object.entries(FAULTS);
    let left = this.#random.next() * entries.reduce((sum, [, { weight }]) => sum + weight, 0);
    for (const [name, { weight }] of entries) {
      left -= weight;
      if (left < 0) return name;
    }
    return entries[0]![0];
  }

  async #noteGap(name: string, workers: readonly ChaosWorker[]): Promise<void> {
    const gaps = await Promise.all(workers.map(worker => worker.do.takeGap().catch(() => 0)));
    const all = this.#gaps.get(name) ?? [];
    this.#gaps.set(name, all);
    if (gaps.length > 0) all.push(Math.max(...gaps));
  }

  async #reportAll(): Promise<void> {
    await Promise.all(this.cluster.workers.map(worker => this.cluster.report(worker)));
  }

  #lostOf(worker: ChaosWorker): number {
    return this.cluster.reportOf(worker)?.counts.ends['ERR_LEADER_LOST unknown'] ?? 0;
  }

  /** With nothing left of a fault, and no call on its way: what waits for a worker that stood still is bounded elsewhere. */
  async #memory(): Promise<Memory> {
    const { cluster } = this;
    await cluster.calm();
    await Promise.all(cluster.workers.map(worker => worker.do.pause()));
    const { primary } = cluster.rig;
    const memory = { held: await primary.do.held(), resident: await primary.do.resident() };
    for (const worker of cluster.workers) await worker.do.resume();
    return memory;
  }

  #line(name: string, from: number): string {
    const { reports, violations } = this.cluster;
    const made = reports.reduce((sum, { counts }) => sum + counts.made, 0);
    const ended = reports.reduce((sum, { counts }) => sum + counts.ended, 0);
    const faults = [...this.#faults.values()].reduce((sum, times) => sum + times, 0);
    const seconds = Math.round((now() - from) / 1000);
    return `${seconds} s, ${faults} faults, ${made} calls, ${made - ended} not heard of, ${violations.length} violations; last: ${name}`;
  }

  // ---------------------------------------------------------------------------------------------------------- end

  async #end(): Promise<void> {
    const { cluster } = this;
    const { violations, workers, rig } = cluster;
    await cluster.calm();
    await Promise.all(workers.map(worker => worker.do.stop()));
    await this.#reportAll();
    for (const worker of workers) this.#checkCounts(worker);
    for (const group of cluster.groups) if (group !== 'memory') await this.#checkNewest(group);
    await this.#checkPlaces();
    await this.#checkRan();
    for (const worker of rig.processes as readonly ChaosWorker[]) {
      for (const event of worker.events as readonly ChaosEvent[])
        if (event.kind === 'broken') violations.push(event.text);
    }
    await Promise.all(workers.map(worker => worker.do.close()));
    await cluster.look();
    const { groups, queuedBytes } = await rig.primary.do.status();
    if (groups.length > 0 || queuedBytes > 0) violations.push(`left: ${JSON.stringify({ groups, queuedBytes })}`);
    await rig.upstream.untilConnections(0);
    for (const { message, at } of await rig.primary.eventsOf('warning')) {
      // Who can't reach a leader warns, and learns from a primary that runs again that it is dead.
      if (!/goes by the relay/.test(message) || !cluster.wasStill(at)) violations.push(`a warning: ${message}`);
    }
  }

  #checkCounts(worker: ChaosWorker): void {
    const { counts, status } = this.cluster.reportOf(worker)!;
    const { violations } = this.cluster;
    if (counts.made !== counts.ended) violations.push(`worker ${worker.workerId}: ${JSON.stringify(counts)}`);
    for (const { calls, name } of Object.values(status)) {
      if (calls.waiting + calls.inFlight > 0)
        violations.push(`worker ${worker.workerId}, ${name}: ${JSON.stringify(calls)}`);
    }
  }

  async #checkNewest(group: GroupName): Promise<void> {
    const { workers, violations } = this.cluster;
    await workers[0]!.do.publish(group, 'the end');
    const until = now() + 60_000;
    for (const worker of workers) {
      while ((await worker.do.newest(group)) !== 'the end') {
        if (now() > until) {
          violations.push(`worker ${worker.workerId} never heard the newest value of ${group}`);
          break;
        }
        await sleep(20);
      }
    }
  }

  /** Of the sticky publications the leader has the newest of each worker, and none of who is gone. */
  async #checkPlaces(): Promise<void> {
    const { workers, violations } = this.cluster;
    const newest = await Promise.all(workers.map(worker => worker.do.place()));
    const wanted = new Map(workers.map(({ workerId }, i) => [String(workerId), newest[i]!]));
    const until = now() + 60_000;
    for (;;) {
      const places = await workers[0]!.do.places();
      // One whose answer was lost may have been done.
      const isRight = ([worker, value]: (typeof places)[number]) =>
        value >= (wanted.get(worker) ?? Number.POSITIVE_INFINITY);
      if (places.length === wanted.size && places.every(isRight)) return;
      if (now() > until) {
        violations.push(`sticky publications: ${JSON.stringify(places)} and not ${JSON.stringify([...wanted])}`);
        return;
      }
      await sleep(20);
    }
  }

  /** What ran is as often and as late as it may be. */
  async #checkRan(): Promise<void> {
    const { rig, violations } = this.cluster;
    const { ranTwice, ranStale } = await rig.upstream.stats();
    if (ranTwice > 0) violations.push(`${ranTwice} calls ran twice`);
    // One for each leader that was stopped between the last check of its lease and the socket: only a server can fence that.
    const silent = (await rig.primary.eventsOf('deposed')).filter(({ cause }) => cause === 'silent').length;
    if (ranStale > silent) violations.push(`${ranStale} calls ran in a term that was over`);
    const notStarted = (group: GroupName) =>
      (rig.processes as readonly ChaosWorker[])
        .flatMap(({ events }) => events as readonly ChaosEvent[])
        .flatMap(event => (event.kind === 'not started' && event.group === group ? [event.id] : []));
    for (const id of await rig.upstream.ran(notStarted('embedded')))
      violations.push(`${id} ran, but ended as not started`);
    if (this.#options.redis) await this.#checkRedis(this.#options.redis, notStarted('redis'));
  }

  async #checkRedis({ address }: RedisService, notStarted: readonly string[]): Promise<void> {
    const { violations } = this.cluster;
    const admin = createClient({ ...address, RESP: 3 });
    await admin.connect();
    try {
      const clients = (await admin.clientList()).filter(({ name }) => name === this.#run).length;
      if (clients !== 1) violations.push(`${clients} connections to Redis at the end`);
      const ran = new Map(Object.entries(await admin.hGetAll(this.#run)));
      for (const [id, times] of ran) if (times !== '1') violations.push(`${id} ran ${times} times`);
      for (const id of notStarted) if (ran.has(id)) violations.push(`${id} ran, but ended as not started`);
      await admin.del(this.#run);
    } finally {
      await admin.close();
    }
  }
}
