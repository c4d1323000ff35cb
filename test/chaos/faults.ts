// What befalls a cluster under chaos: each fault does its harm, and undoes what it can.

import { setTimeout as sleep } from 'node:timers/promises';
import type { GroupName } from '../fixtures/process-chaos.js';
import type { ChaosCluster, ChaosWorker } from './chaos-cluster.js';

export interface Harmed {
  /** Processes that stood still, or were to end, in this fault: what they saw says nothing of the others. */
  readonly workers: readonly ChaosWorker[];
}

export interface Aim {
  readonly group: GroupName;
  readonly leader: ChaosWorker;
  readonly other: ChaosWorker;
  /** How long it lasts, where it lasts. */
  readonly ms: number;
}

export interface Fault {
  readonly weight: number;
  /** No call may fail of it. */
  readonly isPlanned?: boolean;
  readonly longestMs?: number;
  run(cluster: ChaosCluster, aim: Aim): Promise<readonly ChaosWorker[]>;
}

async function kill(cluster: ChaosCluster, ...workers: ChaosWorker[]): Promise<readonly ChaosWorker[]> {
  for (const worker of workers) cluster.kill(worker);
  await Promise.all(workers.map(worker => cluster.replace(worker)));
  return workers;
}

async function freeze(cluster: ChaosCluster, worker: ChaosWorker, ms: number): Promise<readonly ChaosWorker[]> {
  await cluster.suspend(worker, async () => {
    worker.freeze();
    await sleep(ms);
    worker.thaw();
  });
  return [worker];
}

/** Whoever dies under a question is no answer. */
const asked = (promise: Promise<unknown>): Promise<unknown> => promise.catch(() => {});

export const FAULTS: Readonly<Record<string, Fault>> = {
  'SIGKILL of a leader': { weight: 5, run: (cluster, { leader }) => kill(cluster, leader) },
  'SIGKILL of a follower': { weight: 3, run: (cluster, { other }) => kill(cluster, other) },
  'SIGKILL of two': { weight: 1, run: (cluster, { leader, other }) => kill(cluster, leader, other) },
  'SIGSTOP of a leader': {
    weight: 4,
    longestMs: 3000,
    run: (cluster, { leader, ms }) => freeze(cluster, leader, ms),
  },
  'SIGSTOP of a follower': {
    weight: 2,
    longestMs: 2500,
    run: (cluster, { other, ms }) => freeze(cluster, other, ms),
  },
  'blocked leader': {
    weight: 3,
    longestMs: 2500,
    async run(cluster, { leader, ms }) {
      await cluster.suspend(leader, () => asked(leader.do.block(ms)));
      return [leader];
    },
  },
  'blocked primary': {
    weight: 2,
    longestMs: 2000,
    async run(cluster, { ms }) {
      const { workers } = cluster;
      await cluster.blockPrimary(ms);
      return workers;
    },
  },
  transfer: {
    weight: 3,
    isPlanned: true,
    async run({ rig }, { group, other }) {
      // Whoever leads by now, or hands over already, may be another one.
      await asked(rig.primary.do.transfer(group, other.workerId));
      return [];
    },
  },
  resign: {
    weight: 3,
    isPlanned: true,
    async run(_cluster, { group, leader }) {
      await asked(leader.do.resign(group));
      return [];
    },
  },
  'close and open again': {
    weight: 2,
    isPlanned: true,
    async run(_cluster, { group, leader }) {
      await asked(leader.do.reopen(group));
      return [leader];
    },
  },
  'close and exit': {
    weight: 2,
    isPlanned: true,
    async run(cluster, { leader }) {
      await cluster.ask(leader);
      await cluster.replace(leader);
      return [leader];
    },
  },
  'the primary closes and is set up again': {
    weight: 1,
    longestMs: 1000,
    async run(cluster, { ms }) {
      const { workers } = cluster;
      await cluster.restartPrimary(ms);
      return workers;
    },
  },
  'SIGKILL in a hand-over': {
    weight: 2,
    async run(cluster, { group, leader, other, ms }) {
      const handedOver = asked(cluster.rig.primary.do.transfer(group, other.workerId));
      await sleep(ms % 20);
      const dead = await kill(cluster, ms % 2 ? leader : other);
      await handedOver;
      return dead;
    },
  },
  'SIGSTOP in a hand-over': {
    weight: 2,
    longestMs: 2000,
    async run(cluster, { group, leader, other, ms }) {
      const handedOver = asked(cluster.rig.primary.do.transfer(group, other.workerId));
      await sleep(ms % 20);
      const frozen = await freeze(cluster, ms % 2 ? leader : other, ms);
      await handedOver;
      return frozen;
    },
  },
};
