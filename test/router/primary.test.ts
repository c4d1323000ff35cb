import test from 'ava';
import { Failovers } from '../../lib/metrics/failovers.js';
import { Primary } from '../../lib/router/primary.js';
import { createEmitter } from '../../lib/utils/emitter.js';
import { UnitPrimary } from '../helpers/unit/primary.js';

function setUp() {
  const unit = new UnitPrimary();
  const emitter = createEmitter(() => {});
  let closes = 0;
  const primary = new Primary(unit.router, emitter, async () => {
    closes++;
  });
  return { unit, emitter, primary, closes: () => closes };
}

test('a transfer resolves once the successor is ready', async t => {
  const { unit, primary } = setUp();
  unit.join(1, 'g');
  unit.join(2, 'g');
  unit.lead(1);
  const transferred = primary.transfer('g', 2);
  unit.clock.tick();
  unit.send(1, { k: 'resign', group: 'g', term: 1e12, cause: 'resigned' });
  unit.lead(2);
  await t.notThrowsAsync(transferred);
});

test('a transfer that can not be made says why', async t => {
  const { unit, primary } = setUp();
  await t.throwsAsync(primary.transfer('h'), { code: 'ERR_INVALID_OPTION', message: /no group "h"/ });
  unit.join(1, 'g');
  await t.throwsAsync(primary.transfer('g'), { code: 'ERR_LEADER_FAILED', message: /no leader that is ready now/ });
  unit.lead(1);
  await t.throwsAsync(primary.transfer('g'), { code: 'ERR_INVALID_OPTION', message: /another member that may lead/ });
  await t.throwsAsync(primary.transfer('g', 9), { code: 'ERR_INVALID_OPTION', message: /not 9\.$/ });
});

test('a transfer whose successor fails rejects', async t => {
  const { unit, primary } = setUp();
  unit.join(1, 'g');
  unit.join(2, 'g');
  unit.lead(1);
  const transferred = primary.transfer('g', 2);
  unit.send(1, { k: 'resign', group: 'g', term: 1e12, cause: 'resigned' });
  unit.send(2, { k: 'resign', group: 'g', term: 1e12 + 1, cause: 'failed' });
  unit.lead(1);
  await t.throwsAsync(transferred, { code: 'ERR_LEADER_FAILED', message: /could not open the real client/ });
});

test('it closes once, whoever asks; then nobody is told anything and nothing can be transferred', async t => {
  const { emitter, primary, closes } = setUp();
  let received = 0;
  primary.on('vacant', () => received++);
  await primary.close();
  await primary[Symbol.asyncDispose]();
  t.is(closes(), 1);
  emitter.emit('vacant', { name: 'g' });
  t.is(received, 0);
  await t.throwsAsync(primary.transfer('g'), { code: 'ERR_CLOSED' });
});

test('listeners come and go, and those for one time go by themselves', t => {
  const { emitter, primary } = setUp();
  const received: string[] = [];
  const listener = ({ name }: { name: string }) => received.push(`on ${name}`);
  t.is(primary.on('vacant', listener), primary);
  t.is(
    primary.once('vacant', ({ name }) => received.push(`once ${name}`)),
    primary,
  );
  emitter.emit('vacant', { name: 'a' });
  emitter.emit('vacant', { name: 'b' });
  t.is(primary.off('vacant', listener), primary);
  emitter.emit('vacant', { name: 'c' });
  t.deepEqual(received, ['on a', 'once a', 'on b']);
});

test('its status is a plain object that shows every group, also one named __proto__', t => {
  const { unit, primary } = setUp();
  unit.join(1, '__proto__', { group: 'h', eligible: false, priority: 3 });
  unit.lead(1, '__proto__');
  const status = primary.status();
  t.deepEqual(structuredClone(status), status);
  const failovers = new Failovers().status();
  t.deepEqual(status, {
    groups: [
      {
        name: '__proto__',
        term: 1e12,
        state: 'leading',
        leader: { workerId: 1, pid: 1001 },
        members: [{ workerId: 1, pid: 1001, joinedAt: 1e12, eligible: true, priority: 0, route: 'local' }],
        ended: undefined,
        failovers,
      },
      {
        name: 'h',
        term: 0,
        state: 'vacant',
        leader: undefined,
        members: [{ workerId: 1, pid: 1001, joinedAt: 1e12, eligible: false, priority: 3, route: undefined }],
        ended: undefined,
        failovers,
      },
    ],
    messages: 0,
    bytes: 0,
    queuedBytes: 0,
    workers: [{ workerId: 1, pid: 1001, leads: 1, queuedBytes: 0 }],
  });
});

test('its status tells what waits for workers that do not read', t => {
  const { unit, primary } = setUp();
  unit.join(1, 'g');
  unit.join(2, 'g');
  const term = unit.lead(1);
  unit.end.stopReading(2);
  for (let i = 0; i < 2; i++) {
    const x = JSON.stringify(['x'.repeat(2 ** 20)]);
    unit.data(1, { g: 'g', t: term, to: [2], h: [14, 1, x.length - 2, 0], x });
  }
  t.like(primary.status(), { messages: 2 });
  t.true(primary.status().queuedBytes > 2 ** 20);
});
