// Streams in both directions while processes die and stand still: each ends once on both sides, and no source stays open.

import { type ChildProcess, execFile, fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import test, { type ExecutionContext } from 'ava';
import type { StreamOrder, StreamReport } from '../fixtures/process-streams.js';
import { isAlive } from '../helpers/process/remote.js';

const PROGRAM = new URL('../fixtures/process-streams.js', import.meta.url);

/** Streams of each of the two followers. */
const COUNT = Number(process.env.STREAMS ?? 60);

class Cluster {
  readonly reports = new Map<number, StreamReport>();
  readonly primary: ChildProcess;
  #onReport = () => {};

  constructor(route: string) {
    this.primary = fork(PROGRAM, { env: { ...process.env, ROUTE: route } });
    this.primary.on('message', (report: StreamReport) => {
      this.reports.set(report.workerId, report);
      this.#onReport();
    });
  }

  order(to: number, order: StreamOrder): void {
    if (this.primary.connected) this.primary.send({ to, order });
  }

  /** Asks these workers until something is so. */
  async until(ids: readonly number[], isSo: (reports: readonly StreamReport[]) => boolean): Promise<void> {
    for (;;) {
      const reports = ids.map(id => this.reports.get(id));
      if (reports.every(report => report !== undefined) && isSo(reports)) return;
      const came = new Promise<void>(resolve => {
        this.#onReport = resolve;
      });
      for (const id of ids) this.order(id, { do: 'report' });
      await came;
      await sleep(5);
    }
  }
}

interface Mishap {
  readonly name: string;
  /** @returns the workers that are still there */
  readonly happen: (rig: {
    cluster: Cluster;
    leader: number;
    followers: readonly number[];
  }) => Promise<readonly number[]>;
}

const MISHAPS: readonly Mishap[] = [
  {
    name: 'a reader is killed',
    happen: async ({ cluster, leader, followers: [first, second] }) => {
      process.kill(cluster.reports.get(first!)!.pid, 'SIGKILL');
      return [leader, second!];
    },
  },
  {
    name: 'a reader stands still',
    happen: async ({ cluster, leader, followers }) => {
      const { pid } = cluster.reports.get(followers[0]!)!;
      process.kill(pid, 'SIGSTOP');
      await sleep(1000);
      process.kill(pid, 'SIGCONT');
      return [leader, ...followers];
    },
  },
  {
    name: 'the leader is killed',
    happen: async ({ cluster, leader, followers }) => {
      process.kill(cluster.reports.get(leader)!.pid, 'SIGKILL');
      return followers;
    },
  },
  {
    name: 'the leader stands still for longer than its lease',
    happen: async ({ cluster, leader, followers }) => {
      const { pid } = cluster.reports.get(leader)!;
      process.kill(pid, 'SIGSTOP');
      await sleep(4000);
      process.kill(pid, 'SIGCONT');
      return [leader, ...followers];
    },
  },
  {
    name: 'the leader steps down',
    happen: async ({ cluster, leader, followers }) => {
      cluster.order(leader, { do: 'resign' });
      return [leader, ...followers];
    },
  },
  {
    name: 'the primary stands still',
    happen: async ({ cluster, leader, followers }) => {
      cluster.primary.kill('SIGSTOP');
      await sleep(1000);
      cluster.primary.kill('SIGCONT');
      return [leader, ...followers];
    },
  },
];

async function started(t: ExecutionContext, route: string) {
  const cluster = new Cluster(route);
  t.teardown(() => cluster.primary.kill('SIGKILL'));
  await cluster.until([1, 2, 3], reports => reports.some(({ isLeader }) => isLeader));
  const leader = [...cluster.reports.values()].find(({ isLeader }) => isLeader)!.workerId;
  const followers = [1, 2, 3].filter(id => id !== leader);
  for (const id of followers) cluster.order(id, { do: 'start', count: COUNT });
  await cluster.until(followers, reports => reports.every(({ started }) => started === COUNT));
  return { cluster, leader, followers };
}

const sum = (ends: StreamReport['ends']) => Object.values(ends).reduce((all, count) => all + count, 0);

for (const route of ['relay', 'direct']) {
  for (const { name, happen } of MISHAPS) {
    test.serial(`${name} (${route})`, async t => {
      const rig = await started(t, route);
      const left = await happen(rig);
      const { cluster } = rig;
      await cluster.until(left, reports =>
        reports.every(({ started, ends, open }) => sum(ends) === started && open === 0),
      );
      for (const id of left) {
        const { faults, ends } = cluster.reports.get(id)!;
        t.deepEqual(faults, [], JSON.stringify(ends));
        for (const end of Object.keys(ends)) t.true(['ok', 'ERR_LEADER_LOST'].includes(end), end);
      }
    });
  }

  test.serial(`the primary is killed: no worker stays (${route})`, async t => {
    const { cluster } = await started(t, route);
    const pids = [...cluster.reports.values()].map(({ pid }) => pid);
    cluster.primary.kill('SIGKILL');
    await once(cluster.primary, 'exit');
    while (pids.some(isAlive)) await sleep(20);
    t.pass();
  });
}

test('streams that nobody holds and nobody waits for are ended at their source', async t => {
  const program = new URL('../fixtures/stream-collected.js', import.meta.url);
  const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', fileURLToPath(program)]);
  t.deepEqual(JSON.parse(stdout), { began: 2, ended: 2, first: { value: 'an item', done: false } });
});
