// The cluster that chaos is done to: its workers come back when they die, and what it counts outlives them.

import { setTimeout as sleep } from 'node:timers/promises';
import type { ChaosApi, ChaosEvent, ChaosReport, ChaosSetup, GroupName } from '../fixtures/process-chaos.js';
import type { RemoteProcess } from '../helpers/process-remote.js';
import { Rig } from '../helpers/process-rig.js';
import { now } from '../helpers/process-wire.js';

export type ChaosWorker = RemoteProcess<ChaosApi, ChaosEvent>;

/** For whoever watches connections: how long the end of one may take to be seen. */
const UNSEEN_MS = 250;

/** How long after it was deposed a leader that stood still may keep its connection. */
const SILENT_MS = 5000;

export const HEARTBEAT_MS = 200;
export const LEADER_TIMEOUT_MS = 1000;

export class ChaosCluster {
  readonly rig = new Rig();
  readonly violations: string[] = [];
  readonly #reports = new Map<number, ChaosReport>();
  /** Whose end was wanted. */
  readonly #ended = new Set<number>();
  readonly #suspended = new Set<ChaosWorker>();
  /** When more than one connection was open, and we had made nobody stand still. */
  #doubles: { readonly at: number; readonly live: number }[] = [];
  /** Until when more connections than one may be open. */
  #excusedUntil = 0;
  workers: ChaosWorker[] = [];

  constructor(private readonly setup: ChaosSetup) {}

  get groups(): readonly GroupName[] {
    return this.setup.redis ? ['embedded', 'redis'] : ['embedded'];
  }

  async start(count: number): Promise<void> {
    await this.rig.start({ primary: { heartbeatMs: HEARTBEAT_MS, leaderTimeoutMs: LEADER_TIMEOUT_MS } });
    this.rig.upstream.on('connections', ({ live }) => this.#count(live));
    await Promise.all(Array.from({ length: count }, () => this.fork()));
  }

  async fork(): Promise<ChaosWorker> {
    const worker: ChaosWorker = await this.rig.forkProgram({ program: 'process-chaos.js' });
    await worker.do.start(this.setup);
    this.workers.push(worker);
    return worker;
  }

  kill(worker: ChaosWorker): void {
    this.#excuse(UNSEEN_MS);
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

  /** A worker that stands still for a while keeps its connection when it is deposed, until it runs again. */
  async suspend(worker: ChaosWorker, stand: () => Promise<unknown>): Promise<void> {
    this.#suspended.add(worker);
    await stand();
    // What it does when it runs again comes before its answer.
    await worker.do.report().catch(() => {});
    this.#suspended.delete(worker);
    this.#excuse(UNSEEN_MS);
  }

  async leaderOf(group: GroupName): Promise<ChaosWorker | undefined> {
    const { groups } = await this.rig.primary.do.status();
    const { state, leader } = groups.find(({ name }) => name === group) ?? {};
    return state === 'leading' ? this.workers.find(({ workerId }) => workerId === leader?.workerId) : undefined;
  }

  /** Resolves once every group is led by a worker that serves, over one connection. */
  async calm(): Promise<void> {
    const until = now() + 20_000;
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
    const report = await worker.do.report().catch(() => undefined);
    if (report) this.#reports.set(worker.workerId, report);
  }

  /** As last heard of each worker there ever was. */
  get reports(): ChaosReport[] {
    return [...this.#reports.values()];
  }

  reportOf(worker: ChaosWorker): ChaosReport | undefined {
    return this.#reports.get(worker.workerId);
  }

  /** What was told of promises broken, and of processes that died unasked. */
  async look(): Promise<void> {
    for (const { workerId, signal, code } of await this.rig.primary.told('exit')) {
      if (!this.#ended.has(workerId)) this.violations.push(`worker ${workerId} died by itself: ${signal ?? code}`);
      this.#ended.add(workerId);
    }
    // A busy machine may make a leader stand still, too; then it was deposed for that.
    const silent = (await this.rig.primary.told('deposed')).filter(({ cause }) => cause === 'silent');
    for (const { at, live } of this.#doubles.splice(0)) {
      if (!silent.some(event => Math.abs(event.at - at) < SILENT_MS))
        this.violations.push(`${live} connections at once, and nobody stood still`);
    }
  }

  #forget(worker: ChaosWorker): void {
    this.#ended.add(worker.workerId);
    this.workers = this.workers.filter(other => other !== worker);
  }

  #excuse(ms: number): void {
    this.#excusedUntil = Math.max(this.#excusedUntil, now() + ms);
  }

  #count(live: number): void {
    const isExcused = () => this.#suspended.size > 0 || now() < this.#excusedUntil;
    if (live <= 1 || isExcused()) return;
    // The end of one connection and the begin of the next may reach the upstream in either order.
    setTimeout(() => {
      const still = this.rig.upstream.connections.live;
      if (still > 1 && !isExcused()) this.#doubles.push({ at: now(), live: still });
    }, UNSEEN_MS).unref();
  }
}
