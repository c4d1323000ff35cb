// A module that makes a client in place is evaluated twice in one process, as by a hot reload or `vi.resetModules()`.

import { isSharedError } from '../helpers/pm2/errors.js';
import { type Rig, system, watch } from '../helpers/system/test.js';

/** What the module of one evaluation does, each step with its number. */
class Module {
  readonly diary: string[];

  constructor(
    readonly version: number,
    diary: string[],
  ) {
    this.diary = diary;
  }

  evaluate(rig: Rig, workerId = 1) {
    const { version, diary } = this;
    const worker = rig.workers[workerId - 1]!;
    const real = {
      work: (ms: number) =>
        new Promise(resolve => {
          diary.push(`${version} works`);
          rig.time.setTimer(() => resolve(version), ms);
        }),
    };
    const client = worker.createSharedClient({
      name: 'g',
      open: () => {
        diary.push(`${version} opens`);
        return real;
      },
      close: () => void diary.push(`${version} closes`),
    });
    return rig.adopt(client, worker);
  }
}

system('while the old client is open the error says what differs, why, and what to write', async (t, rig) => {
  rig.fork();
  const client = new Module(1, []).evaluate(rig);
  const expected = isSharedError(
    'ERR_INVALID_OPTION',
    /named "g" with another open.*evaluated twice \(hot reload, vi\.resetModules\(\), jest\.resetModules\(\)\).*client\.close\(\).*globalThis\.client \?\?= createSharedClient/,
  );
  t.throws(() => new Module(2, []).evaluate(rig), expected);
  const twice = () => rig.workers[0]!.createSharedClient(class {}, { name: 'class' });
  rig.adopt(twice(), rig.workers[0]);
  t.throws(twice, isSharedError('ERR_INVALID_OPTION', /another class.*vi\.resetModules\(\)/));
  await rig.time.until(client.ready());
});

system(
  'once the old client is closed the newest definition counts, and nothing of the old one is called',
  async (t, rig) => {
    const diary: string[] = [];
    rig.fork();
    for (const version of [1, 2, 3]) {
      const client = new Module(version, diary).evaluate(rig);
      t.is(await rig.time.until(client.invoke('work', 1)), version);
      await rig.time.until(client.close());
      t.deepEqual(diary.splice(0), [`${version} opens`, `${version} works`, `${version} closes`]);
    }
  },
);

system('close() followed at once by the next definition: it opens when the old one is closed', async (t, rig) => {
  const diary: string[] = [];
  rig.fork();
  const old = new Module(1, diary).evaluate(rig);
  await rig.time.until(old.ready());
  const inFlight = watch(old.invoke('work', 1000));
  const closing = watch(old.close());
  const next = new Module(2, diary).evaluate(rig);
  const waits = next.invoke('work', 1);
  // The old one waits for its call to end, for which its member has to stay.
  await rig.time.advance(500);
  t.deepEqual([inFlight.end, closing.end], [undefined, undefined]);
  t.throws(() => new Module(3, diary).evaluate(rig), { code: 'ERR_INVALID_OPTION' });
  t.is(await rig.time.until(waits), 2);
  t.deepEqual([inFlight.end, closing.end], ['ok', 'ok']);
  t.deepEqual(diary, ['1 opens', '1 works', '1 closes', '2 opens', '2 works']);
  t.is(await rig.time.until(next.invoke('work', 1)), 2);
});

system('in a worker that follows too, also where two handles close', async (t, rig) => {
  const diary: string[] = [];
  rig.fork();
  rig.fork();
  const leader = new Module(0, diary).evaluate(rig);
  await rig.time.until(leader.ready());
  const module = new Module(1, diary);
  const old = module.evaluate(rig, 2);
  await rig.time.until(old.ready());
  const inFlight = watch(old.invoke('work', 1000));
  await rig.time.settle();
  void old.close();
  const next = new Module(2, diary).evaluate(rig, 2);
  void next.close();
  const last = new Module(3, diary).evaluate(rig, 2);
  await rig.time.until(last.ready());
  await rig.time.settle();
  t.is(inFlight.end, 'ok');
  await rig.time.until(leader.close());
  t.is(await rig.time.until(last.invoke('work', 1)), 3);
  t.deepEqual(diary, ['0 opens', '0 works', '0 closes', '3 opens', '3 works']);
});

system('a client that closes is taken up again by the same definition', async (t, rig) => {
  const [client] = await rig.clients(1);
  const inFlight = watch(client!.work('slow', 1000));
  await rig.time.settle();
  const closing = watch(client!.close());
  const again = rig.client(rig.workers[0]);
  t.is(await rig.time.until(again.echo(1)), 1);
  await rig.time.advance(1001);
  t.deepEqual([inFlight.end, closing.end, rig.upstream().clients.length], ['ok', 'ok', 1]);
  t.true(again.isLeader);
});

system('the client of another link that still closes keeps that link', async (t, rig) => {
  const diary: string[] = [];
  const worker = rig.fork();
  const create = (alone: boolean) => {
    const open = () => ({ work: (ms: number) => new Promise(resolve => rig.time.setTimer(() => resolve(alone), ms)) });
    return rig.adopt(worker.createSharedClient({ name: 'g', standalone: alone, open }), worker);
  };
  const old = create(true);
  await rig.time.until(old.ready());
  const inFlight = watch(old.invoke('work', 1000));
  await rig.time.settle();
  void old.close();
  const next = create(false);
  const other = rig.client(worker, { name: 'other' });
  await rig.time.until(other.ready());
  await rig.time.until(other.close());
  t.false(await rig.time.until(next.invoke('work', 1)));
  t.is(inFlight.end, 'ok');
  t.deepEqual(diary, []);
});

system('a task is told that it is there already, and the next one runs once the old one is closed', async (t, rig) => {
  const diary: string[] = [];
  const worker = rig.fork();
  const evaluate = (version: number) =>
    worker.whileLeader('nightly', signal => {
      diary.push(`${version} runs`);
      return new Promise<void>(resolve => signal.addEventListener('abort', () => resolve()));
    });
  const old = evaluate(1);
  await rig.time.reached(() => diary.length === 1);
  t.throws(
    () => evaluate(2),
    isSharedError('ERR_INVALID_OPTION', /a task named "nightly".*task\.close\(\).*vi\.resetModules\(\)/),
  );
  const closing = old.close();
  const next = evaluate(3);
  await rig.time.until(closing);
  await rig.time.reached(() => diary.length === 2);
  t.deepEqual(diary, ['1 runs', '3 runs']);
  t.throws(() => worker.whileLeader('', () => {}), { message: /1 to 500 characters/ });
  await rig.time.until(next.close());
});
