// An app that passes messages on, wherever and however: nobody takes another's answer, nothing comes twice or is lost, and
// the app hears its own messages alone.

import test, { type ExecutionContext } from 'ava';
import type { PassingApi, PassingEvent } from '../fixtures/passing-worker.js';
import type { InternalFailure } from '../helpers/process/internal.js';
import type { RemoteProcess } from '../helpers/process/remote.js';
import { type Rig, startRig } from '../helpers/process/rig.js';

type Passing = RemoteProcess<PassingApi, PassingEvent>;

const PRIMARY = 'passing-primary.js';
const CALLS = 10_000;
const IN_PRIMARY = ['toOthers', 'toAll', 'workerByWorker', 'twiceAndLater', 'asCopies', 'emittedAgain', 'throughAgent'];
const IN_WORKER = ['back', 'emittedAgain'];

interface Case {
  readonly serialization: 'json' | 'advanced';
  readonly route: 'relay' | 'direct';
  readonly internal?: InternalFailure;
}

async function start(t: ExecutionContext, { serialization, route, internal }: Case): Promise<[Rig, Passing[]]> {
  const rig = await startRig(t, { primary: { serialization, route } });
  const fork = () => rig.forkProgram<PassingApi, PassingEvent>({ program: 'passing-worker.js', internal });
  return [rig, [await fork(), await fork(), await fork()]];
}

/** Each worker makes its calls and publishes once. */
async function use(t: ExecutionContext, workers: readonly Passing[], word: string, calls: number): Promise<void> {
  await Promise.all(workers.map(worker => worker.do.start()));
  const wrong = await Promise.all(workers.map(worker => worker.do.calls(calls)));
  t.deepEqual(wrong, [[], [], []]);
  const published = workers.map(worker => `${word} ${worker.workerId}`);
  for (const [i, worker] of workers.entries()) await worker.do.publish(published[i]!);
  // A value is read before the answer to what was called after it.
  for (const worker of workers) {
    t.deepEqual(await worker.do.calls(100), []);
    t.deepEqual(
      (await worker.do.values()).filter(value => value.startsWith(word)),
      published,
    );
  }
}

for (const serialization of ['json', 'advanced'] as const) {
  for (const route of ['relay', 'direct'] as const) {
    test.serial(
      `whatever way an app passes messages on, the library's aren't among them, ${serialization}, ${route}`,
      async t => {
        const [rig, workers] = await start(t, { serialization, route });
        for (const way of IN_PRIMARY) await rig.primary.do.ask(PRIMARY, 'begin', way);
        for (const worker of workers) for (const way of IN_WORKER) await worker.do.pass(way);
        await use(t, workers, 'first', CALLS);
        t.is(await rig.primary.do.ask(PRIMARY, 'count'), 0);
        for (const worker of workers) t.is(await worker.do.received(), 0);
        await rig.primary.do.ask(PRIMARY, 'end');
        t.deepEqual(await rig.primary.eventsOf('warning'), []);
        for (const worker of workers) t.deepEqual(await worker.eventsOf('warning'), []);
      },
    );
  }
}

test.serial('the ways of this test are those that there are', async t => {
  const rig = await startRig(t);
  t.deepEqual(await rig.primary.do.ask(PRIMARY, 'wayNames'), IN_PRIMARY);
});

test.serial("the app's own messages are all that its listeners hear, beside a busy library", async t => {
  const [rig, workers] = await start(t, { serialization: 'json', route: 'relay' });
  await rig.primary.do.ask(PRIMARY, 'begin', 'toOthers');
  await Promise.all(workers.map(worker => worker.do.start()));
  const calls = workers.map(worker => worker.do.calls(CALLS));
  for (let i = 0; i < 3; i++) await workers[i]!.do.send({ mine: i });
  t.deepEqual(await Promise.all(calls), [[], [], []]);
  t.is(await rig.primary.do.ask(PRIMARY, 'count'), 3);
  for (const worker of workers) t.is(await worker.do.received(), 2);
});

for (const internal of ['down', 'up', 'public'] as const) {
  for (const [way, place] of [
    ['toOthers', 'primary'],
    ['toAll', 'primary'],
    ['twiceAndLater', 'primary'],
    ['asCopies', 'primary'],
    ['emittedAgain', 'primary'],
    ['throughAgent', 'primary'],
    ['back', 'worker'],
    ['emittedAgain', 'worker'],
  ] as const) {
    if (internal !== 'down' && way !== 'toOthers' && way !== 'back') continue;
    test.serial(
      `where messages have to go by 'message' (${internal}), what is passed on ${way} by a ${place} is dropped with one warning`,
      async t => {
        const [rig, workers] = await start(t, { serialization: 'json', route: 'relay', internal });
        if (place === 'primary') await rig.primary.do.ask(PRIMARY, 'begin', way);
        else for (const worker of workers) await worker.do.pass(way);
        await use(t, workers, 'first', 1000);
        await rig.primary.do.ask(PRIMARY, 'end');
        const ofPrimary = await rig.primary.eventsOf('warning');
        const warnings = [ofPrimary, ...(await Promise.all(workers.map(worker => worker.eventsOf('warning'))))];
        const isInPrimary = way === 'back' || (way === 'emittedAgain' && place === 'primary');
        t.deepEqual(
          warnings.map(({ length }) => length),
          isInPrimary ? [1, 0, 0, 0] : [0, 1, 1, 1],
        );
        for (const { message } of warnings.flat()) t.regex(message, /the app passes on what it gets by 'message'/);
      },
    );
  }
}
