// Work that only the leader does, on a cluster in memory.

import test from 'ava';
import { createLeaderTask } from '../../lib/client/leader-task.js';
import { type LeaderTask, type LeaderTaskOptions, SharedClientError, whileLeader } from '../../lib/index.js';
import type { TestWorker } from '../../lib/testing.js';
import { type Deferred, defer } from '../../lib/utils/deferred.js';
import { LEADER_TIMEOUT_MS, type Rig, system } from '../helpers/system/test.js';

/** One run of the task, as the test sees it. */
interface Run {
  readonly workerId: number;
  readonly term: number;
  readonly signal: AbortSignal;
  /** Ends it. */
  readonly end: Deferred<void>;
  isOver: boolean;
}

/** The tasks of several workers, and all their runs. */
class Tasks {
  readonly runs: Run[] = [];
  readonly all: LeaderTask[] = [];
  readonly errors: string[] = [];
  readonly warnings: string[] = [];
  readonly #rig: Rig;

  constructor(rig: Rig) {
    this.#rig = rig;
  }

  /** Ends by itself when it is told to stop, unless `ignores`. */
  add(worker: TestWorker, options: LeaderTaskOptions & { ignores?: boolean } = {}): LeaderTask {
    const { ignores, ...rest } = options;
    const task = worker.whileLeader(
      'nightly',
      async (signal, { term, name }) => {
        const run: Run = { workerId: worker.workerId, term, signal, end: defer(), isOver: name !== 'nightly' };
        this.runs.push(run);
        if (!ignores) signal.addEventListener('abort', () => run.end.reject(signal.reason));
        await run.end.promise.finally(() => {
          run.isOver = true;
        });
      },
      rest,
    );
    task.on('error', error => this.errors.push(String(error)));
    task.on('warning', ({ message }) => this.warnings.push(message));
    this.all.push(task);
    return task;
  }

  fork(count: number, options?: LeaderTaskOptions & { ignores?: boolean }): TestWorker[] {
    return Array.from({ length: count }, () => {
      const worker = this.#rig.fork();
      this.add(worker, options);
      return worker;
    });
  }

  async until(count: number): Promise<Run> {
    await this.#rig.time.reached(() => this.runs.length >= count);
    return this.runs.at(-1)!;
  }

  get where(): number[] {
    return this.runs.map(({ workerId }) => workerId);
  }

  async close(): Promise<void> {
    await this.#rig.time.until(Promise.all(this.all.map(task => task.close())));
  }
}

system('a task runs in one worker, and in the next when that one is killed', async (t, rig) => {
  const tasks = new Tasks(rig);
  const workers = tasks.fork(3);
  const first = await tasks.until(1);
  t.is(first.workerId, 1);
  t.like(tasks.all[0]!.status(), { name: 'nightly', role: 'leader', task: 'running', runs: 1, failures: 0 });
  t.like(tasks.all[1]!.status(), { role: 'follower', task: 'idle', runs: 0, leader: { workerId: 1 } });
  workers[0]!.kill();
  const second = await tasks.until(2);
  t.true(second.term > first.term);
  await rig.time.advance(10 * LEADER_TIMEOUT_MS);
  t.deepEqual(tasks.where, [1, 3]);
  t.true(tasks.all[2]!.isLeader);
  tasks.all.shift();
  await tasks.close();
  t.true(second.signal.aborted);
  t.deepEqual(tasks.errors, []);
});

system('a task is stopped in a worker that hung, and runs in the next meanwhile', async (t, rig) => {
  const tasks = new Tasks(rig);
  const [first] = tasks.fork(2);
  await tasks.until(1);
  rig.freeze(first!);
  await tasks.until(2);
  t.deepEqual(tasks.where, [1, 2]);
  await rig.thaw(first!);
  t.true(tasks.runs[0]!.signal.aborted);
  t.false(tasks.runs[1]!.signal.aborted);
  await tasks.close();
});

system('a worker that thaws and only then reads that it was appointed runs nothing', async (t, rig) => {
  const tasks = new Tasks(rig);
  const workers = tasks.fork(3);
  await tasks.until(1);
  // Nothing but its own appointment awaits the third, and by then it is long over.
  rig.freeze(workers[2]!);
  workers[0]!.kill();
  const second = await tasks.until(2);
  t.is(second.workerId, 2);
  t.deepEqual(
    rig.events.filter(event => event.endsWith('silent')),
    ['whileLeader:nightly: 3 silent'],
  );
  await rig.thaw(workers[2]!);
  await rig.time.advance(LEADER_TIMEOUT_MS);
  t.deepEqual(tasks.where, [1, 2]);
  tasks.all.shift();
  await tasks.close();
});

system('the next one starts when the task has ended, however it steps down', async (t, rig) => {
  const tasks = new Tasks(rig);
  tasks.fork(2, { ignores: true });
  const first = await tasks.until(1);
  const resigned = tasks.all[0]!.resign();
  await rig.time.reached(() => first.signal.aborted);
  await rig.time.settle();
  t.deepEqual(tasks.where, [1]);
  t.is(tasks.all[0]!.status().task, 'stopping');
  first.end.resolve();
  await rig.time.until(resigned);
  const second = await tasks.until(2);
  t.is(second.workerId, 2);
  t.is(tasks.all[0]!.status().task, 'idle');
  const closed = tasks.all[1]!.close();
  await rig.time.reached(() => second.signal.aborted);
  second.end.reject(new Error('too late'));
  await rig.time.until(closed);
  const third = await tasks.until(3);
  t.is(third.workerId, 1);
  third.end.resolve();
  await tasks.close();
  // Asked to stop, it may end as it likes; what it throws of its own is told all the same.
  t.deepEqual(tasks.errors, ['Error: too late']);
});

system('a task that ignores its signal is waited for no longer than it may', async (t, rig) => {
  const tasks = new Tasks(rig);
  tasks.fork(2, { ignores: true, drainTimeoutMs: 1000 });
  const first = await tasks.until(1);
  const resigned = tasks.all[0]!.resign();
  await rig.time.reached(() => first.signal.aborted);
  await rig.time.advance(990);
  t.deepEqual(tasks.where, [1]);
  await rig.time.advance(20);
  await rig.time.until(resigned);
  const second = await tasks.until(2);
  t.is(second.workerId, 2);
  t.false(first.isOver);
  t.is(tasks.all[0]!.status().task, 'stopping');
  t.is(tasks.warnings.length, 1);
  t.regex(tasks.warnings[0]!, /drainTimeoutMs, 1000 ms/);
  for (const run of tasks.runs) run.end.resolve();
  await tasks.close();
});

system('an error is told and the task is run again, ever more slowly', async (t, rig) => {
  const tasks = new Tasks(rig);
  tasks.fork(1);
  const begun: number[] = [];
  for (let n = 1; n <= 4; n++) {
    const run = await tasks.until(n);
    begun.push(rig.time.now());
    run.end.reject(new Error(`no ${n}`));
    await rig.time.settle();
  }
  await tasks.until(5);
  begun.push(rig.time.now());
  const pauses = begun.slice(1).map((at, n) => Math.round(at - begun[n]!));
  t.deepEqual(pauses, [0, 100, 200, 400]);
  t.deepEqual(tasks.errors, ['Error: no 1', 'Error: no 2', 'Error: no 3', 'Error: no 4']);
  t.like(tasks.all[0]!.status(), { runs: 5, failures: 4, task: 'running' });
  await tasks.close();
});

system('between two attempts the task is not there', async (t, rig) => {
  const tasks = new Tasks(rig);
  tasks.fork(1);
  (await tasks.until(1)).end.reject(new Error('no'));
  (await tasks.until(2)).end.reject(new Error('no'));
  await rig.time.settle();
  t.is(tasks.all[0]!.status().task, 'idle');
  await tasks.until(3);
  await tasks.close();
});

system('a task that ended is run again by the next leader, and by nobody before', async (t, rig) => {
  const tasks = new Tasks(rig);
  const workers = tasks.fork(2);
  const done: number[] = [];
  tasks.all[0]!.on('done', ({ term }) => done.push(term));
  const run = await tasks.until(1);
  run.end.resolve();
  await rig.time.advance(100 * LEADER_TIMEOUT_MS);
  t.deepEqual(tasks.where, [1]);
  t.deepEqual(done, [run.term]);
  t.like(tasks.all[0]!.status(), { role: 'leader', task: 'done' });
  t.is(tasks.all[1]!.status().task, 'idle');
  await rig.time.until(tasks.all[0]!.resign());
  await tasks.until(2);
  t.deepEqual(tasks.where, [1, 2]);
  t.is(tasks.all[0]!.status().task, 'idle');
  workers[1]!.kill();
  await tasks.until(3);
  t.deepEqual(tasks.where, [1, 2, 1]);
  tasks.all.pop();
  await tasks.close();
});

system(
  'a task that is to be done once is not run by the next leaders, those that came late included',
  async (t, rig) => {
    const tasks = new Tasks(rig);
    const workers = tasks.fork(2, { once: true });
    const run = await tasks.until(1);
    run.end.resolve();
    await rig.time.reached(() => tasks.all[1]!.status().task === 'done');
    workers.push(...tasks.fork(1, { once: true }));
    await rig.time.reached(() => tasks.all[2]!.status().task === 'done');
    for (const n of [0, 2]) {
      workers[n]!.kill();
      await rig.time.reached(() => tasks.all[n === 0 ? 2 : 1]!.isLeader);
      await rig.time.advance(LEADER_TIMEOUT_MS);
    }
    t.deepEqual(tasks.where, [1]);
    // Who comes now hears of it from a leader that never ran it.
    tasks.fork(1, { once: true });
    await rig.time.reached(() => tasks.all[3]!.status().task === 'done');
    t.deepEqual(tasks.where, [1]);
    tasks.all.splice(0, 3, tasks.all[1]!);
    await tasks.close();
  },
);

system('a task that was stopped is not done', async (t, rig) => {
  const tasks = new Tasks(rig);
  const task = tasks.add(rig.fork(), { once: true, ignores: true });
  tasks.fork(1, { once: true });
  const run = await tasks.until(1);
  const resigned = task.resign();
  await rig.time.reached(() => run.signal.aborted);
  run.end.resolve();
  await rig.time.until(resigned);
  await tasks.until(2);
  t.deepEqual(tasks.where, [1, 2]);
  await tasks.close();
});

system('a task and a shared client of one name have nothing to do with each other', async (t, rig) => {
  const tasks = new Tasks(rig);
  const [worker] = tasks.fork(1);
  const client = rig.client(worker, { name: 'nightly' });
  await tasks.until(1);
  await rig.time.until(client.ready());
  t.deepEqual(
    rig.primary.status().groups.map(({ name }) => name),
    ['whileLeader:nightly', 'nightly'],
  );
  await tasks.close();
});

system('its events come in order, and what a listener throws is an error too', async (t, rig) => {
  let runs = 0;
  const task = rig.fork().whileLeader('events', () => {
    if (++runs === 1) throw new Error('of the task');
  });
  const events: string[] = [];
  const silent = () => events.push('never');
  task.on('leader', silent).off('leader', silent);
  task
    .on('leader', () => events.push(`leader, ${task.status().task}`))
    .on('follower', () => events.push('follower'))
    .on('done', () => events.push('done'))
    .on('close', () => events.push('close'))
    .on('error', error => events.push(String(error)))
    .once('done', () => {
      throw new Error('of a listener');
    });
  await rig.time.reached(() => events.includes('done'));
  await rig.time.until(task[Symbol.asyncDispose]());
  t.deepEqual(events, [
    'leader, starting',
    'Error: of the task',
    'follower',
    'leader, starting',
    'done',
    'Error: of a listener',
    'follower',
    'close',
  ]);
});

test('what whileLeader() is given is checked', t => {
  const refused = { instanceOf: SharedClientError, code: 'ERR_INVALID_OPTION' };
  const task = () => {};
  t.regex(t.throws(() => whileLeader('', task), refused)!.message, /^name must be/);
  t.regex(t.throws(() => whileLeader('x'.repeat(501), task), refused)!.message, /^name must be/);
  t.regex(t.throws(() => whileLeader('x', 1 as never), refused)!.message, /^task must be a function/);
  t.regex(t.throws(() => whileLeader('x', task, null as never), refused)!.message, /^options must be/);
  t.regex(t.throws(() => whileLeader('x', task, { onces: true } as never), refused)!.message, /did you mean once/);
  t.regex(t.throws(() => whileLeader('x', task, { once: 1 } as never), refused)!.message, /^once must be/);
});

test('alone, a task runs in this process, and only one of its name', async t => {
  const begun = defer<number>();
  const task = whileLeader('alone', (_signal, { term }) => begun.resolve(term), { standalone: true });
  const done = new Promise<{ term: number }>(resolve => task.once('done', resolve));
  const error = t.throws(() => whileLeader('alone', () => {}, { standalone: true }), { code: 'ERR_INVALID_OPTION' });
  t.regex(error!.message, /already has/);
  t.is((await done).term, await begun.promise);
  await task.close();
});

test('what keeps a task from being shared at all is thrown as it is', t => {
  const reason = new Error('no primary');
  const create = () => {
    throw reason;
  };
  t.is(
    t.throws(() => createLeaderTask(create, 'nightly', () => {})),
    reason,
  );
});
