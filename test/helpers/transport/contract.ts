// What every transport must do, as tests over a builder of it. A new transport brings a Rig and passes these.

import test, { type ExecutionContext } from 'ava';
import { type EndEvent, type SendReport, turns } from './actor.js';
import type { PeerState } from './party.js';

/** A worker with its end, and what can befall it. */
export interface RigWorker extends PeerState {
  readonly workerId: number;
  readonly pid: number;
  kill(): void;
  freeze(): void;
  thaw(): void;
  /** As `worker.disconnect()`. */
  disconnect(): void;
  exit(): void;
  /** Resolves when the process has ended. */
  ended(): Promise<void>;
}

/** A primary that doesn't listen yet, and a way to fork workers that do. */
export interface Rig {
  readonly primary: PeerState;
  fork(): Promise<RigWorker>;
  killPrimary(): void;
  /** Resolves when the primary's process, not its end under test, has seen this. */
  primaryKnows(worker: RigWorker, what: 'closed' | 'exited'): Promise<void>;
  /** Ends everything that the rig began. */
  close(): Promise<void>;
}

type Body = (t: ExecutionContext, rig: Rig) => Promise<void>;
type Check = (title: string, body: Body) => void;

/**
 * Registers the tests of the contract for one transport.
 * @param processes false leaves out what needs a worker that can die, freeze and disconnect
 */
export function testTransport(name: string, build: () => Promise<Rig>, { processes = true } = {}): void {
  const check: Check = (title, body) =>
    test.serial(`${name}: ${title}`, async t => {
      const rig = await build();
      try {
        await body(t, rig);
      } finally {
        await rig.close();
      }
    });
  checkMessages(check);
  checkWritten(check);
  checkClose(check);
  if (!processes) return;
  checkManyWorkers(check);
  checkDeath(check);
  checkChannel(check);
  checkLostPrimary(check);
}

function checkMessages(check: Check): void {
  check('messages keep their order in both directions', async (t, rig) => {
    const worker = await start(rig);
    const sends = [
      worker.send({ count: 500, size: 50 }),
      rig.primary.send({ to: worker.workerId, count: 500, size: 50 }),
    ];
    await Promise.all(sends.concat(worker.send({ first: 500, count: 20, size: 50_000 })));
    await Promise.all([rig.primary.untilSeen('message', 520), worker.untilSeen('message', 500)]);
    t.deepEqual(rig.primary.numbers, upTo(520));
    t.deepEqual(worker.numbers, upTo(500));
    const [first] = rig.primary.events;
    t.deepEqual(first, { kind: 'message', n: 0, size: 50, from: { workerId: worker.workerId, pid: worker.pid } });
  });

  check('a message of 10 MB arrives whole, and what follows it behind it', async (t, rig) => {
    const worker = await start(rig);
    const size = 10 * 1024 * 1024;
    const up = [worker.send({ count: 1, size }), worker.send({ first: 1, count: 1 })];
    const down = [
      rig.primary.send({ to: worker.workerId, count: 1, size }),
      rig.primary.send({ to: worker.workerId, first: 1, count: 1 }),
    ];
    for (const report of await Promise.all(up.concat(down))) wasWrittenOnce(t, report);
    for (const party of [worker, rig.primary]) {
      await party.untilSeen('message', 2);
      t.deepEqual(
        party.events.map(event => (event.kind === 'message' ? [event.n, event.size] : event)),
        [
          [0, size],
          [1, 0],
        ],
      );
    }
  });

  check('messages of others pass untouched', async (t, rig) => {
    const worker = await start(rig);
    const values = [
      null,
      '',
      'text',
      0,
      1.5,
      true,
      false,
      [],
      {},
      { type: 'x', data: { cmd: null } },
      [null, { a: [1] }],
    ];
    for (const value of values) {
      await worker.do({ do: 'send-foreign', value });
      await rig.primary.do({ do: 'send-foreign', to: worker.workerId, value });
    }
    await Promise.all([rig.primary.untilSeen('foreign', values.length), worker.untilSeen('foreign', values.length)]);
    t.deepEqual(rig.primary.foreign, values);
    t.deepEqual(worker.foreign, values);
  });
}

function checkWritten(check: Check): void {
  check('every message is reported as written once, and never synchronously', async (t, rig) => {
    const worker = await start(rig);
    wasWrittenOnce(t, await worker.send({ count: 100, size: 1000 }));
    wasWrittenOnce(t, await rig.primary.send({ to: worker.workerId, count: 100, size: 1000 }));
  });

  check('a message that cannot be cloned throws nothing and counts as written', async (t, rig) => {
    const worker = await start(rig);
    wasWrittenOnce(t, await worker.sendOdd());
    wasWrittenOnce(t, await rig.primary.sendOdd(worker.workerId));
    await Promise.all([worker.send({ count: 1 }), rig.primary.send({ to: worker.workerId, count: 1 })]);
    await Promise.all([rig.primary.untilSeen('message'), worker.untilSeen('message')]);
    t.pass();
  });

  check('a message to nobody counts as written', async (t, rig) => {
    await start(rig);
    wasWrittenOnce(t, await rig.primary.send({ to: 4711, count: 2 }));
    await rig.primary.do({ do: 'kill', workerId: 4711 });
    t.deepEqual(rig.primary.events, []);
  });
}

function checkClose(check: Check): void {
  check('a closed end reports and sends nothing, and leaves no listener', async (t, rig) => {
    const worker = await start(rig);
    const [up, down] = [await worker.close(), await rig.primary.close()];
    t.deepEqual(up.after, up.before);
    t.deepEqual(down.after, down.before);
    wasWrittenOnce(t, await worker.send({ count: 1 }));
    wasWrittenOnce(t, await rig.primary.send({ to: worker.workerId, count: 1 }));
    await worker.do({ do: 'send-foreign', value: 'after' });
    worker.kill();
    await Promise.all([worker.ended(), turns(10)]);
    t.deepEqual(rig.primary.events, []);
    t.deepEqual(worker.events, []);
  });
}

function checkManyWorkers(check: Check): void {
  check('workers forked before and after listen() are heard and reached', async (t, rig) => {
    const before = await rig.fork();
    await rig.primary.do({ do: 'listen' });
    const after = await rig.fork();
    for (const worker of [before, after]) {
      await worker.send({ first: worker.workerId, count: 1 });
      await rig.primary.until(() => rig.primary.numbers.includes(worker.workerId));
      await rig.primary.send({ to: worker.workerId, first: worker.workerId, count: 1 });
      await worker.untilSeen('message');
      t.deepEqual(worker.numbers, [worker.workerId]);
    }
    t.not(before.workerId, after.workerId);
    t.not(before.pid, after.pid);
  });

  check('a worker that was gone before listen() is not reported', async (t, rig) => {
    const [dead, left, alive] = [await rig.fork(), await rig.fork(), await rig.fork()];
    dead.kill();
    left.disconnect();
    await Promise.all([rig.primaryKnows(dead, 'exited'), rig.primaryKnows(left, 'closed')]);
    await rig.primary.do({ do: 'listen' });
    left.kill();
    await rig.primaryKnows(left, 'exited');
    alive.kill();
    await rig.primary.until(events =>
      events.some(event => event.kind === 'exited' && event.workerId === alive.workerId),
    );
    t.deepEqual(rig.primary.events, [
      { kind: 'closed', workerId: alive.workerId },
      { kind: 'exited', workerId: alive.workerId },
    ]);
  });
}

function checkDeath(check: Check): void {
  check('all that a dying worker wrote is read, then its channel closed, then it exited', async (t, rig) => {
    const worker = await start(rig);
    await worker.send({ count: 300, size: 1000 });
    worker.kill();
    await rig.primary.untilSeen('exited');
    t.deepEqual(rig.primary.numbers, upTo(300));
    t.deepEqual(rig.primary.events.slice(300), gone(worker));
  });

  check('many workers that die at once are each read to their end', async (t, rig) => {
    await rig.primary.do({ do: 'listen' });
    const workers = await Promise.all([rig.fork(), rig.fork(), rig.fork(), rig.fork()]);
    await Promise.all(workers.map(worker => worker.send({ count: 100, size: 1000 })));
    for (const worker of workers) worker.kill();
    await rig.primary.untilSeen('exited', workers.length);
    for (const worker of workers) {
      const events = rig.primary.events.filter(event => workerIdOf(event) === worker.workerId);
      t.deepEqual(
        events.slice(0, 100).map(event => event.kind === 'message' && event.n),
        upTo(100),
      );
      t.deepEqual(events.slice(100), gone(worker));
    }
  });

  check('a dead worker is sent nothing, and all that waited counts as written', async (t, rig) => {
    const worker = await start(rig);
    await rig.primary.send({ to: worker.workerId, count: 1 });
    worker.freeze();
    const waiting = rig.primary.send({ to: worker.workerId, count: 20, size: 200_000 });
    await rig.primary.do({ do: 'kill', workerId: worker.workerId });
    wasWrittenOnce(t, await waiting);
    await rig.primary.untilSeen('exited');
    t.deepEqual(rig.primary.events, gone(worker));
    wasWrittenOnce(t, await rig.primary.send({ to: worker.workerId, count: 1 }));
    await rig.primary.do({ do: 'kill', workerId: worker.workerId });
  });

  check('a clean exit is reported as a death', async (t, rig) => {
    const worker = await start(rig);
    await worker.send({ count: 3 });
    worker.exit();
    await rig.primary.untilSeen('exited');
    t.deepEqual(rig.primary.numbers, upTo(3));
    t.deepEqual(rig.primary.events.slice(3), gone(worker));
  });

  check('a frozen worker reads all in order when it thaws', async (t, rig) => {
    const worker = await start(rig);
    worker.freeze();
    const waiting = rig.primary.send({ to: worker.workerId, count: 50, size: 20_000 });
    await rig.primary.do({ do: 'release' }); // its answer shows that the command before it ran
    worker.thaw();
    wasWrittenOnce(t, await waiting);
    await worker.untilSeen('message', 50);
    t.deepEqual(worker.numbers, upTo(50));
  });
}

function checkChannel(check: Check): void {
  check('a worker that disconnects is closed, and exits later', async (t, rig) => {
    const worker = await start(rig);
    await worker.send({ count: 1 });
    await rig.primary.untilSeen('message');
    worker.disconnect();
    await Promise.all([rig.primary.untilSeen('closed'), worker.untilSeen('closed')]);
    t.deepEqual(worker.events, [{ kind: 'closed', intended: true }]);
    t.deepEqual(rig.primary.kinds, ['message', 'closed']);
    wasWrittenOnce(t, await worker.send({ count: 2 }));
    wasWrittenOnce(t, await worker.sendOdd());
    wasWrittenOnce(t, await rig.primary.send({ to: worker.workerId, count: 2 }));
    t.deepEqual(rig.primary.kinds, ['message', 'closed']);
    await rig.primary.do({ do: 'kill', workerId: worker.workerId });
    await rig.primary.untilSeen('exited');
    t.deepEqual(rig.primary.events.slice(1), gone(worker));
  });
}

function checkLostPrimary(check: Check): void {
  check('a worker exits at once when its primary died', async (t, rig) => {
    const worker = await start(rig);
    rig.killPrimary();
    await worker.ended();
    t.true(worker.events.every(event => event.kind === 'closed' && event.intended === false));
  });

  check('a worker that is held exits when the promise has settled', async (t, rig) => {
    const worker = await start(rig);
    await worker.do({ do: 'hold' });
    rig.killPrimary();
    await worker.untilSeen('closed');
    wasWrittenOnce(t, await worker.send({ count: 1 }));
    await worker.do({ do: 'release' });
    await worker.ended();
    t.deepEqual(worker.events, [{ kind: 'closed', intended: false }]);
  });

  check('a worker that disconnected on purpose outlives its primary', async (t, rig) => {
    const worker = await start(rig);
    await worker.do({ do: 'hold' });
    worker.disconnect();
    await worker.untilSeen('closed');
    rig.killPrimary();
    await worker.do({ do: 'release' });
    wasWrittenOnce(t, await worker.send({ count: 1 }));
    t.deepEqual(worker.events, [{ kind: 'closed', intended: true }]);
  });
}

async function start(rig: Rig): Promise<RigWorker> {
  await rig.primary.do({ do: 'listen' });
  return rig.fork();
}

function wasWrittenOnce(t: ExecutionContext, report: SendReport): void {
  t.true(report.calls.every(calls => calls === 1));
  t.false(report.wasSynchronous);
}

const workerIdOf = (event: EndEvent) =>
  event.kind === 'closed' || event.kind === 'exited' ? event.workerId : event.from?.workerId;
const upTo = (count: number) => Array.from({ length: count }, (_, n) => n);
const gone = ({ workerId }: RigWorker) => [
  { kind: 'closed', workerId },
  { kind: 'exited', workerId },
];
