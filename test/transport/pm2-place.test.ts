import { join } from 'node:path';
import test from 'ava';
import { findPm2Place, processName } from '../../lib/transport/pm2-place.js';
import { ENV, makeHome, PPID, placeIn } from '../helpers/pm2-sockets.js';

test('a cluster worker of the daemon is found, with its sockets', t => {
  const home = makeHome(t);
  const place = placeIn(home)!;
  t.is(place.process, '3:1700000000000');
  t.is(place.pubSocket, join(home, 'pub.sock'));
  t.is(place.rpcSocket, join(home, 'rpc.sock'));
  t.is(placeIn(home, {}, 'win32')!.pubSocket, '\\\\.\\pipe\\pub.sock');
});

for (const [name, here] of [
  ['a plain process or forked child', { isWorker: false }],
  ['a worker whose parent is not the daemon', { ppid: PPID + 1 }],
  ['a worker without an id', { env: { pm_id: undefined } }],
  ['a worker of an app in fork mode', { env: { exec_mode: 'fork_mode' } }],
  ['a worker without PM2_HOME', { env: { PM2_HOME: undefined } }],
] as const) {
  test(`${name} is not taken for one`, t => {
    const { env, ...rest } = { env: {}, ...here };
    const all = { ...ENV, PM2_HOME: makeHome(t), ...env };
    t.is(findPm2Place({ ppid: PPID, platform: 'linux', isWorker: true, ...rest, env: all }), undefined);
  });
}

test('a home without pm2.pid is not that of a daemon', t => {
  t.is(placeIn(makeHome(t, ''), { PM2_HOME: '/nonexistent' }), undefined);
});

test('apps and namespaces have channels of their own, without a character that the bus takes for something else', t => {
  const home = makeHome(t);
  const channels = [
    placeIn(home),
    placeIn(home, { name: 'web2' }),
    placeIn(home, { namespace: 'b' }),
    placeIn(home, { name: 'web\0b', namespace: '' }),
    placeIn(home, { name: 'a:*' }),
    placeIn(home, { name: undefined, namespace: undefined }),
  ].map(place => place!.channel);
  t.is(new Set(channels).size, channels.length);
  for (const channel of channels) t.regex(channel, /^csc1-[0-9a-f]{16}$/);
});

test('a worker that is being replaced keeps its name', t => {
  t.is(processName('_old_3', 5), processName(3, '5'));
});
