import test from 'ava';
import { createLocalPair } from '../../lib/transport/local.js';
import { turns } from '../helpers/transport/actor.js';
import { ManualClock } from '../helpers/transport/fakes.js';

function setUp() {
  const pair = createLocalPair(new ManualClock(), 42);
  const log: unknown[] = [];
  const push = (...what: unknown[]) => log.push(what);
  const unreached = () => push('unreached');
  return {
    ...pair,
    log,
    primary: { message: push, closed: unreached, exited: unreached },
    worker: { message: push, closed: unreached },
  };
}

test('messages pass by reference, deferred, and are written once delivered', async t => {
  const { primaryEnd, workerEnd, primary, worker, log } = setUp();
  primaryEnd.listen(primary);
  workerEnd.listen(worker);
  const [up, down] = [{ up: () => {} }, { down: 1n }];
  workerEnd.send(up, () => log.push('up is written'));
  primaryEnd.send(0, down, () => log.push('down is written'));
  t.deepEqual(log, []);
  await turns(1);
  t.deepEqual(log, [[{ workerId: 0, pid: 42 }, up, 'public'], 'up is written', [down, 'public'], 'down is written']);
  t.is((log[0] as unknown[])[1], up);
});

test('it is worker 0 of this process unless told otherwise', t => {
  const { workerEnd } = createLocalPair(new ManualClock());
  t.deepEqual(workerEnd.self, { workerId: 0, pid: process.pid });
  t.is(workerEnd.kind, 'local');
});

test('what is sent to nobody, or by a closed end, is dropped', async t => {
  const { primaryEnd, workerEnd, primary, worker, log } = setUp();
  let written = 0;
  const count = () => written++;
  workerEnd.send({}, count);
  await turns(1);
  primaryEnd.listen(primary);
  workerEnd.listen(worker);
  primaryEnd.send(1, {}, count);
  primaryEnd.kill(0);
  workerEnd.close();
  workerEnd.close();
  workerEnd.send({}, count);
  primaryEnd.send(0, {}, count);
  await turns(1);
  t.deepEqual([written, log], [4, []]);
});

test('what was sent before its sender closed still arrives', async t => {
  const { primaryEnd, workerEnd, primary, log } = setUp();
  primaryEnd.listen(primary);
  workerEnd.send({ last: true }, () => {});
  workerEnd.close();
  await turns(1);
  t.deepEqual(log, [[{ workerId: 0, pid: 42 }, { last: true }, 'public']]);
});
