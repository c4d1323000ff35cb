// One mishap after another under load, in an order that a seed decides: what must hold whatever happens.
// CHAOS_SEED and CHAOS_ROUNDS run another, or a longer one.

import test, { type ExecutionContext } from 'ava';
import type { ClientSetup } from '../fixtures/process-worker.js';
import { type Rig, startRig, type WorkerProcess } from '../helpers/process-rig.js';

const seed = Number(process.env.CHAOS_SEED ?? 1);
const rounds = Number(process.env.CHAOS_ROUNDS ?? 3);

/** @returns the workers that are of no use any more */
type Mishap = (rig: Rig, leader: WorkerProcess, other: WorkerProcess) => Promise<WorkerProcess[]>;

/** After these no call may have failed. */
const PLANNED: Readonly<Record<string, Mishap>> = {
  async 'the leader closes and exits'(_rig, leader) {
    await leader.do.closeAndExit().catch(() => {});
    return [leader];
  },
  async 'the leader resigns'(_rig, leader) {
    await leader.do.resign();
    return [];
  },
  async 'the primary transfers'({ primary }, _leader, other) {
    // A leader that falls silent meanwhile takes the hand-over with it.
    await primary.do.transfer('probe', other.workerId).catch(() => {});
    return [];
  },
  async 'the leader freezes and thaws at once'(_rig, leader, other) {
    leader.freeze();
    await other.do.status();
    leader.thaw();
    return [];
  },
};

const UNPLANNED: Readonly<Record<string, Mishap>> = {
  async 'the leader is killed'(_rig, leader) {
    leader.kill();
    return [leader];
  },
  async 'a follower is killed'(_rig, _leader, other) {
    other.kill();
    return [other];
  },
  async 'the leader and a follower are killed'(_rig, leader, other) {
    leader.kill();
    other.kill();
    return [leader, other];
  },
  async 'the leader is killed in a hand-over'({ primary }, leader, other) {
    const handedOver = primary.do.transfer('probe', other.workerId).catch(() => {});
    leader.kill();
    await handedOver;
    return [leader];
  },
  async 'the successor is killed in a hand-over'({ primary }, _leader, other) {
    const handedOver = primary.do.transfer('probe', other.workerId).catch(() => {});
    other.kill();
    await handedOver;
    return [other];
  },
  async 'the leader freezes in a hand-over, and thaws'({ primary }, leader, other) {
    const handedOver = primary.do.transfer('probe', other.workerId).catch(() => {});
    leader.freeze();
    await handedOver;
    leader.thaw();
    return [];
  },
  async 'the leader freezes and thaws'({ primary }, leader) {
    const { term } = (await primary.do.status()).groups[0]!;
    leader.freeze();
    await primary.until('ready', event => event.term > term);
    leader.thaw();
    return [];
  },
  async 'the leader disconnects'(_rig, leader) {
    void leader.do.disconnect();
    return [leader];
  },
};

const MISHAPS = { ...PLANNED, ...UNPLANNED };

for (const handover of ['exclusive', 'overlap'] as const) {
  test(`whatever happens, no call runs twice, nothing stale runs and one leader is left, ${handover}`, async t => {
    const rig = await startRig(t, { primary: { heartbeatMs: 100, leaderTimeoutMs: 500 } });
    const chaos = new Chaos(t, rig, handover);
    for (let round = 0; round < rounds; round++) await chaos.round();
    await chaos.end();
  });
}

class Chaos {
  readonly #t: ExecutionContext;
  readonly #rig: Rig;
  readonly #client: ClientSetup;
  readonly #random = createRandom(seed);
  readonly #living = new Set<WorkerProcess>();

  constructor(t: ExecutionContext, rig: Rig, handover: 'exclusive' | 'overlap') {
    t.log(`seed ${seed}`);
    this.#t = t;
    this.#rig = rig;
    this.#client = { handover };
  }

  async round(): Promise<void> {
    while (this.#living.size < 4) await this.#join();
    const leader = await currentLeader(this.#rig);
    const other = this.#pick([...this.#living].filter(worker => worker !== leader));
    const name = this.#pick(Object.keys(MISHAPS));
    this.#t.log(`${name}: leader ${leader.workerId}, other ${other.workerId}`);
    const before = new Map<WorkerProcess, number>();
    for (const worker of this.#living) before.set(worker, await worker.do.failedLoad());
    const lost = await MISHAPS[name]!(this.#rig, leader, other);
    for (const worker of lost) this.#living.delete(worker);
    for (const worker of this.#living) await worker.do.moreLoad(5);
    // On a machine that is busy a leader may have fallen silent of itself.
    const isPlanned = name in PLANNED && (await this.#rig.primary.told('deposed')).at(-1)?.cause !== 'silent';
    if (!isPlanned) return;
    for (const worker of this.#living) this.#t.is(await worker.do.failedLoad(), before.get(worker)!, name);
  }

  async end(): Promise<void> {
    const t = this.#t;
    const { primary, upstream } = this.#rig;
    for (const worker of this.#living) await endsWell(t, worker);
    const leader = await currentLeader(this.#rig);
    await upstream.untilConnections(1);
    await leader.do.publish('topic', 'the end');
    for (const worker of this.#living) {
      await worker.until('value', ({ message }) => message === 'the end');
      t.is((await worker.do.status()).leader?.workerId, leader.workerId);
    }
    t.like(await upstream.stats(), { ranTwice: 0, ranStale: 0, topics: { topic: { subscribers: 1 } } });
    for (const { kind, message } of await primary.told('warning')) t.fail(`${kind}: ${message}`);
  }

  async #join(): Promise<void> {
    const worker = await this.#rig.fork();
    await this.#rig.join(worker, this.#client);
    this.#t.deepEqual(await worker.do.ready(), {});
    await worker.do.subscribe('topic');
    await worker.do.startLoad(`load-${worker.workerId}`, 3);
    await worker.do.startIdempotentLoad(1);
    this.#living.add(worker);
  }

  #pick<T>(list: readonly T[]): T {
    return list[Math.floor(this.#random() * list.length)]!;
  }
}

async function endsWell(t: ExecutionContext, worker: WorkerProcess): Promise<void> {
  for (const { code, outcome, message } of (await worker.do.stopLoad()).failed) {
    t.deepEqual([code, outcome], ['ERR_LEADER_LOST', 'unknown'], `${worker.workerId}: ${message}`);
  }
  t.deepEqual((await worker.do.stopIdempotentLoad()).failed, []);
  t.like((await worker.do.status()).calls, { waiting: 0, inFlight: 0 });
  for (const { error } of await worker.told('error')) t.fail(`${worker.workerId}: ${error.message}`);
}

async function currentLeader({ primary, workers }: Rig): Promise<WorkerProcess> {
  for (;;) {
    const { state, leader } = (await primary.do.status()).groups[0]!;
    const worker = workers.find(({ workerId }) => workerId === leader?.workerId);
    if (state === 'leading' && worker) return worker;
  }
}

/** Mulberry32: small, and good enough to shuffle. */
function createRandom(from: number): () => number {
  let state = from;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
