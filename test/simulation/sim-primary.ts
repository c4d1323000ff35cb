// The primary of a simulation: set up, stalled, closed and set up again.

import type { Primary } from '../../lib/index.js';
import type { SimCluster } from './cluster.js';
import { HEARTBEAT_MS, LEADER_TIMEOUT_MS } from './plan.js';
import type { World } from './world.js';

export class SimPrimary {
  readonly #world: World;
  readonly #cluster: SimCluster;
  #api!: Primary;
  isStalled = false;
  /** It was closed, and not yet set up again. */
  isShut = false;
  #stall = 0;
  #shut = 0;
  #stalledAt = 0;
  #stalledMs = 0;
  /** Until then code in the primary takes its time. */
  #blockedUntil = 0;

  constructor(world: World, cluster: SimCluster) {
    this.#world = world;
    this.#cluster = cluster;
  }

  get api(): Primary {
    return this.#api;
  }

  /** The time in which the primary ran. */
  get runningMs(): number {
    const now = this.#world.time.now();
    const isYetToCome = Math.max(0, this.#blockedUntil - now);
    return now - this.#stalledMs + isYetToCome - (this.isStalled ? now - this.#stalledAt : 0);
  }

  /** Code in the primary has taken so long: as much has passed for it, and for others is yet to come. */
  wasBlocked(ms: number): void {
    this.#stalledMs += ms;
    this.#blockedUntil = this.#world.time.now();
    this.#world.wasDisturbed();
  }

  stall(ms: number): void {
    if (this.isStalled) return;
    this.isStalled = true;
    this.#stalledAt = this.#world.time.now();
    const own = this.#world.workerById(0);
    if (own) own.isFrozen = true;
    this.#cluster.primary.cpu.stop();
    const stall = ++this.#stall;
    this.#world.time.setTimer(() => stall === this.#stall && this.thaw(), ms);
  }

  thaw(): void {
    if (!this.isStalled) return;
    this.#world.log(() => 'the primary runs again');
    this.isStalled = false;
    this.#stalledMs += this.#world.time.now() - this.#stalledAt;
    this.#world.wasDisturbed();
    const own = this.#world.workerById(0);
    if (own) {
      own.isFrozen = false;
      own.wasDisturbed();
    }
    this.#cluster.primary.cpu.go();
  }

  setUp(): void {
    this.#api = this.#cluster.setupPrimary({
      heartbeatMs: HEARTBEAT_MS,
      leaderTimeoutMs: LEADER_TIMEOUT_MS,
      hungLeader: this.#world.plan.hungLeader,
      route: this.#world.plan.route ?? 'relay',
      ...(this.#world.plan.load && {
        maxQueuedBytes: this.#world.plan.load.maxQueuedBytes,
        maxQueuedTotalBytes: this.#world.plan.load.maxQueuedTotalBytes,
      }),
    });
    this.#world.leaders.watch(this.#api);
  }

  shut(ms: number): void {
    if (this.isShut) return;
    this.#cluster.primary.run(() => {
      // A primary that is busy comes to it late.
      if (this.#world.isHealed) return;
      this.#world.log(() => 'the primary is closed');
      this.isShut = true;
      this.#world.wasDisturbed();
      this.#world.leaders.shut();
      this.#world.calls.forgetSaid();
      this.#world.promised('close() of the primary', undefined, this.#api.close());
      const shut = ++this.#shut;
      this.#world.time.setTimer(() => shut === this.#shut && this.#cluster.primary.run(() => this.open()), ms);
    });
  }

  open(): void {
    if (!this.isShut) return;
    this.#world.log(() => 'the primary is set up again');
    this.isShut = false;
    // What had waited for its turn is taken back as well.
    this.#world.calls.forgetSaid();
    this.#world.wasDisturbed();
    this.setUp();
  }
}
