// The hosts of a fleet, each with one worker, in place of the workers of one cluster.

import { FleetOnEngine } from '../../../lib/fleet/fleet.js';
import type { Fleet } from '../../../lib/index.js';
import { resolveFleetOptions } from '../../../lib/options/options.js';
import { createMemoryCluster, type MemoryCluster, type TestWorker } from '../../../lib/testing.js';
import type { VirtualTime } from '../clocks/virtual-time.js';
import { MemoryEngine, MemoryStore } from '../fleet/memory-engine.js';
import type { Home } from './client.js';

interface RigHost {
  readonly cluster: MemoryCluster;
  readonly worker: TestWorker;
  readonly fleet: FleetOnEngine;
  /** Its worker has another number in each test. */
  readonly home: Home;
}

const LEASE_MS = 3000;

export class RigHosts {
  readonly #hosts: RigHost[] = [];
  readonly #store = new MemoryStore();

  constructor(private readonly time: VirtualTime) {}

  fork(): TestWorker {
    const { time } = this;
    const cluster = createMemoryCluster({ clock: time, schedule: time.schedule });
    cluster.setupPrimary({ heartbeatMs: 100, leaderTimeoutMs: 400 });
    const worker = cluster.fork();
    const engine = new MemoryEngine({
      store: this.#store,
      clock: worker.clock,
      latencyMs: 0,
      isAlive: () => worker.isAlive,
    });
    const hostName = `host ${this.#hosts.length + 1}`;
    // The first one leads, and then the next.
    const priority = 40 - 10 * this.#hosts.length;
    const { common } = resolveFleetOptions({ name: 'shop', leaseMs: LEASE_MS, hostName, priority }, {});
    const fleet = new FleetOnEngine(engine, common, worker.clock);
    const home: Home = {
      workerId: this.#hosts.length + 1,
      get isAlive() {
        return worker.isAlive;
      },
      clock: worker.clock,
      run: callback => worker.run(callback),
    };
    this.#hosts.push({ cluster, worker, fleet, home });
    return worker;
  }

  fleetOf(worker: TestWorker): Fleet | undefined {
    return this.#of(worker)?.fleet;
  }

  homeOf(worker: TestWorker): Home | undefined {
    return this.#of(worker)?.home;
  }

  leader(name: string): TestWorker | undefined {
    const isLeading = ({ fleet }: RigHost) =>
      fleet.status().groups.some(group => group.name === name && group.isHere && group.state === 'ready');
    return this.#hosts.find(isLeading)?.worker;
  }

  async finish(): Promise<void> {
    const alive = this.#hosts.filter(({ worker }) => worker.isAlive);
    await Promise.all(alive.map(({ fleet }) => fleet.close()));
    for (const { cluster } of this.#hosts) cluster.close();
  }

  #of(worker: TestWorker): RigHost | undefined {
    return this.#hosts.find(host => host.worker === worker);
  }
}
