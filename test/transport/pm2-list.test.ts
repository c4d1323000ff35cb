import test from 'ava';
import { listPm2Processes } from '../../lib/transport/pm2-list.js';
import { systemClock } from '../../lib/utils/clock.js';
import { UnitClock } from '../helpers/clocks/unit-clock.js';
import { DaemonSocket, makeHome, placeIn } from '../helpers/pm2/sockets.js';

const env = (more: object) => ({ name: 'web', namespace: 'default', pm_uptime: 7, ...more });

function answers(list: unknown) {
  return () => [`j:${JSON.stringify({ args: [list] })}`, 's:csc'];
}

test('the processes of the app that live are listed, whatever state they are in', async t => {
  const place = placeIn(makeHome(t))!;
  const list = [
    { pid: 10, pm_id: 0, pm2_env: env({ status: 'stopping' }) },
    { pid: 11, pm_id: '_old_1', pm2_env: env({ pm_uptime: 5 }) },
    { pid: 0, pm_id: 2, pm2_env: env({}) },
    { pid: 13, pm_id: 3, pm2_env: env({ name: 'other' }) },
    { pid: 14, pm_id: 4, pm2_env: env({ namespace: 'other' }) },
    { pid: 15, pm_id: 5 },
  ];
  const daemon = new DaemonSocket(t, place.rpcSocket, answers(list));
  t.deepEqual(await listPm2Processes(place, systemClock), [
    { process: '0:7', since: 7 },
    { process: '1:5', since: 5 },
  ]);
  t.regex(daemon.asked[0]![0]!, /getMonitorData/);
});

test('an answer that is none of the daemon is no list', async t => {
  for (const answer of ['j:{"error":"no"}', 'j:{"args":[{}]}', 'j:[', 's:']) {
    const place = placeIn(makeHome(t))!;
    new DaemonSocket(t, place.rpcSocket, () => [answer, 's:csc']);
    t.is(await listPm2Processes(place, systemClock), undefined);
  }
});

test('a daemon that closes, or is not there, gives no list', async t => {
  const place = placeIn(makeHome(t))!;
  t.is(await listPm2Processes(place, systemClock), undefined);
  const daemon = new DaemonSocket(t, place.rpcSocket);
  const list = listPm2Processes(place, systemClock);
  await daemon.connected();
  daemon.cut();
  t.is(await list, undefined);
});

test('a daemon that does not answer is not waited for longer than 2 s', async t => {
  const place = placeIn(makeHome(t))!;
  const daemon = new DaemonSocket(t, place.rpcSocket);
  const clock = new UnitClock();
  const list = listPm2Processes(place, clock);
  await daemon.connected();
  clock.advance(2000);
  t.is(await list, undefined);
});
