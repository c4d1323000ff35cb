// The cluster that chaos is done to: its workers come back when they die, and what it counts outlives them.

import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { PrimaryOptions } from '../../lib/index.js';
import type { ChaosApi, ChaosEvent, ChaosReport, ChaosSetup, GroupName } from '../fixtures/process-chaos.js';
import { isAlive, type RemoteProcess } from '../helpers/process/remote.js';
import { Rig } from '../helpers/process/rig.js';
import { now } from '../helpers/process/wire.js';
import { type Judgement, judgeLives } from './lives.js';

export type ChaosWorker = RemoteProcess<ChaosApi, ChaosEvent>;

/** A worker that doesn't answer for so long hangs. */
const SILENT_MS = 60_000;

/** How long it may take until all that waited for the primary is read. */
const SETTLE_MS = 1000;

export const HEARTBEAT_MS = 200;
export const LEADER_TIMEOUT_MS = 1000;

export class ChaosCluster {
  readonly rig = new Rig();
  readonly violations: string[] = [];
  readonly #reports = new Map<number, ChaosReport>();
  /** Whose end was wanted. */
  readonly #ended = new Set<number>();
  workers: ChaosWorker[] = [];
  /** When the primary stood still, from and to. */
  readonly #standstills: (readonly [number, number])[] = [];

  constructor(
    private readonly setup: ChaosSetup,
    private readonly route: 'relay' | 'direct',
  ) {}

  get groups(): readonly GroupName[] {
    return this.setup.redis ? ['embedded', 'memory', 'redis'] : ['embedded', 'memory'];
  }

  get #primary(): PrimaryOptions {
    return { heartbeatMs: HEARTBEAT_MS, leaderTimeoutMs: LEADER_TIMEOUT_MS, route: this.route };
  }

  async start(count: number): Promise<void> {
    await this.rig.start({ primary: this.#primary });
    await Promise.all(Array.from({ length: count }, () => this.fork()));
  }

  async fork(): Promise<ChaosWorker> {
    const worker: ChaosWorker = await this.rig.forkProgram({ program: 'process-chaos.js' });
    await worker.do.start(this.setup);
    this.workers.push(worker);
    return worker;
  }

  kill(worker: ChaosWorker): void {
    this.#forget(worker);
    worker.kill();
  }

  /** An end in good order. */
  async ask(worker: ChaosWorker): Promise<void> {
    await this.report(worker);
    this.#forget(worker);
    await worker.do.closeAndExit().catch(() => {});
  }

  async replace(worker: ChaosWorker): Promise<void> {
    await worker.gone;
    await this.fork();
  }

  /** Makes a worker stand still for a while; resolves when it runs again. */
  async suspend(worker: ChaosWorker, stand: () => Promise<unknown>): Promise<void> {
    await stand();
    await this.report(worker);
  }

  async blockPrimary(ms: number): Promise<void> {
    this.#standstills.push(await this.rig.primary.do.block(ms));
  }

  /** Whether the primary couldn't say at that time that a leader is dead, or only just could. */
  wasStill(at: number): boolean {
    return this.#standstills.some(([from, to]) => at >= from && at <= to + SETTLE_MS);
  }

  /** Closes the primary, and sets it up again after a while. */
  async restartPrimary(ms: number): Promise<void> {
    await this.rig.primary.do.close();
    await sleep(ms);
    await this.rig.primary.do.setup(this.#primary);
  }

  async leaderOf(group: GroupName): Promise<ChaosWorker | undefined> {
    const { groups } = await this.rig.primary.do.status();
    const { state, leader } = groups.find(({ name }) => name === group) ?? {};
    return state === 'leading' ? this.workers.find(({ workerId }) => workerId === leader?.workerId) : undefined;
  }

  /** Resolves once every group is led by a worker that serves, over one connection. */
  async calm(): Promise<void> {
    const until = now() + 60_000;
    for (;;) {
      const leaders = await Promise.all(this.groups.map(group => this.leaderOf(group)));
      if (leaders.every(Boolean) && this.rig.upstream.connections.live === 1) return;
      if (now() > until) {
        const status = JSON.stringify((await this.rig.primary.do.status()).groups);
        this.violations.push(`no calm: ${this.rig.upstream.connections.live} connections, ${status}`);
        return;
      }
      await sleep(20);
    }
  }

  async report(worker: ChaosWorker): Promise<void> {
    const silence = setTimeout(() => this.#silent(worker), SILENT_MS);
    const report = await worker.do.report().catch(() => undefined);
    clearTimeout(silence);
    if (report) this.#reports.set(worker.workerId, report);
  }

  /** Nothing that is done to it lasts so long. */
  #silent(worker: ChaosWorker): void {
    const { workerId, pid } = worker;
    this.violations.push(`worker ${workerId} does not answer: ${isAlive(pid) ? stateOf(pid) : 'it is dead'}`);
    this.kill(worker);
    void this.replace(worker);
  }

  /** As last heard of each worker there ever was. */
  get reports(): ChaosReport[] {
    return [...this.#reports.values()];
  }

  reportOf(worker: ChaosWorker): ChaosReport | undefined {
    return this.#reports.get(worker.workerId);
  }

  /** Whether a process died unasked. */
  async look(): Promise<void> {
    for (const { workerId, signal, code } of await this.rig.primary.eventsOf('exit')) {
      if (!this.#ended.has(workerId)) this.violations.push(`worker ${workerId} died by itself: ${signal ?? code}`);
      this.#ended.add(workerId);
    }
  }

  /** Whether two real clients of the embedded upstream ever lived at once. */
  async judgeLives(): Promise<Judgement> {
    const { primary, upstream, processes } = this.rig;
    const exits = await primary.eventsOf('exit');
    const exitOf = (id: number) => exits.find(({ workerId }) => workerId === id)?.at ?? Number.POSITIVE_INFINITY;
    const pasts = (processes as readonly ChaosWorker[])
      .filter(({ workerId }) => workerId !== 0)
      .map(({ workerId, events }) => ({ workerId, events, exitAt: exitOf(workerId) }));
    const silent = (await primary.eventsOf('deposed')).filter(({ cause }) => cause === 'silent');
    return judgeLives(pasts, silent, await upstream.seen());
  }

  #forget(worker: ChaosWorker): void {
    this.#ended.add(worker.workerId);
    this.workers = this.workers.filter(other => other !== worker);
  }
}

/** For whoever looks for the reason: whether it runs or waits, its CPU time in ticks, and what it waits for. */
function stateOf(pid: number): string {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
  return `state ${fields[0]}, ${fields[11]} ticks, waits for ${readFileSync(`/proc/${pid}/wchan`, 'utf8')}`;
}
