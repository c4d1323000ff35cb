// A task that runs in one worker of a real cluster, whatever happens to that worker.

import test from 'ava';
import type { TaskApi, TaskEvent } from '../fixtures/process-task.js';
import type { RemoteProcess } from '../helpers/process/remote.js';
import { type Rig, SHORT_LEASE, startRig } from '../helpers/process/rig.js';

type TaskProcess = RemoteProcess<TaskApi, TaskEvent>;

async function startTasks(rig: Rig, count: number): Promise<TaskProcess[]> {
  const workers: TaskProcess[] = [];
  for (let i = 0; i < count; i++) {
    const worker = await rig.forkProgram<TaskApi, TaskEvent>({ program: 'process-task.js' });
    await worker.do.start();
    await rig.primary.until('join', ({ workerId }) => workerId === worker.workerId);
    workers.push(worker);
  }
  return workers;
}

/** The one in which the task was begun that isn't any of `others`. */
async function next(workers: readonly TaskProcess[], others: readonly TaskProcess[]): Promise<TaskProcess> {
  const rest = workers.filter(worker => !others.includes(worker));
  return Promise.race(rest.map(worker => worker.until('begun').then(() => worker)));
}

test.serial('a task moves on when its worker is killed, hangs or closes, and runs nowhere else', async t => {
  const rig = await startRig(t, { primary: SHORT_LEASE });
  const workers = await startTasks(rig, 4);
  const killed = workers[0]!;
  await killed.until('begun');
  killed.kill();
  const frozen = await next(workers, [killed]);
  frozen.freeze();
  const closing = await next(workers, [killed, frozen]);
  frozen.thaw();
  const { term } = (await frozen.eventsOf('begun'))[0]!;
  await frozen.until('stopped', event => event.term === term);
  await frozen.until('ended', event => event.term === term);

  const { at: begunAt } = await closing.until('begun');
  await closing.do.close();
  const { at: endedAt } = await closing.until('ended');
  const others = workers.filter(worker => worker !== killed && worker !== closing);
  const begun = others.map(async worker => [worker, await worker.until('begun', ({ at }) => at > begunAt)] as const);
  const [last, { at }] = await Promise.race(begun);
  t.true(at >= endedAt, 'it began before the one before it had ended');

  await last.do.end('by itself');
  t.is((await last.until('error')).message, 'by itself');
  const runs = await Promise.all(others.map(worker => worker.do.status()));
  t.is(
    runs.reduce((sum, { failures }) => sum + failures, 0),
    1,
  );
});

test.serial('a task that has ended is over until its worker goes', async t => {
  const rig = await startRig(t, { primary: SHORT_LEASE });
  const workers = await startTasks(rig, 2);
  const first = workers[0]!;
  await first.until('begun');
  await first.do.end();
  await first.until('ended');
  t.like(await first.do.status(), { role: 'leader', task: 'done', runs: 1 });
  t.like(await workers[1]!.do.status(), { role: 'follower', task: 'idle', runs: 0 });
  first.kill();
  await workers[1]!.until('begun');
});
