import { renameSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import test from 'ava';
import { findPm2Place, missingPm2Pid, processName } from '../../lib/transport/pm2-place.js';
import { ENV, makeHome, PPID, placeIn } from '../helpers/pm2/sockets.js';

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

for (const [whose, parentEnv] of [
  ["the worker's", false],
  ["the daemon's", true],
] as const) {
  test(`files of the daemon that are elsewhere are found by ${whose} environment`, t => {
    const home = makeHome(t, '1');
    const other = makeHome(t);
    const env = {
      PM2_PID_FILE_PATH: join(other, 'd.pid'),
      PM2_DAEMON_PUB_PORT: join(other, 'p.sock'),
      PM2_DAEMON_RPC_PORT: join(other, 'r.sock'),
    };
    renameSync(join(other, 'pm2.pid'), join(other, 'd.pid'));
    const place = (platform?: string) =>
      parentEnv ? placeIn(home, {}, platform, { env, cwd: '/' }) : placeIn(home, env, platform);
    t.like(place(), { pubSocket: join(other, 'p.sock'), rpcSocket: join(other, 'r.sock') });
    t.is(place('win32')!.pubSocket, '\\\\.\\pipe\\pub.sock', 'PM2 takes no others there');
  });
}

test('a file that is not there is not where a stray variable says; one that is relative lies where the daemon is', t => {
  const home = makeHome(t);
  writeFileSync(join(home, 'pub.sock'), '');
  const stray = {
    PM2_PID_FILE_PATH: '/nowhere/pid',
    PM2_DAEMON_PUB_PORT: '/nowhere/pub',
    PM2_DAEMON_RPC_PORT: '/nowhere/rpc',
  };
  const place = placeIn(home, stray)!;
  t.is(place.pubSocket, join(home, 'pub.sock'));
  t.is(place.rpcSocket, '/nowhere/rpc', 'none is there: as it was said');
  const cwd = dirname(home);
  const env = { PM2_DAEMON_PUB_PORT: join(relative(cwd, home), 'x') };
  writeFileSync(join(home, 'x'), '');
  t.is(placeIn(relative(cwd, home), env, 'linux', { env: {}, cwd })!.pubSocket, join(home, 'x'));
  t.is(placeIn('', {}, 'linux', { env: { PM2_HOME: home }, cwd })!.pubSocket, join(home, 'pub.sock'));
});

test('what looks like a worker of PM2 and is none can say what was looked at', t => {
  const home = makeHome(t);
  const here = { env: { ...ENV, PM2_HOME: home }, ppid: PPID, platform: 'linux', isWorker: true };
  const parent = { env: {}, cwd: '/' };
  t.is(missingPm2Pid({ ...here, parent }), undefined);
  t.is(missingPm2Pid({ ...here, parent, ppid: 1 }), join(home, 'pm2.pid'));
  t.is(missingPm2Pid({ ...here, parent, ppid: 1, env: ENV }), 'PM2_HOME/pm2.pid');
  t.is(missingPm2Pid({ ...here, parent, isWorker: false }), undefined);
});

(process.platform === 'linux' ? test : test.skip)('the system tells what the parent was started with', t => {
  const other = makeHome(t, String(process.pid));
  const here = { ...{ ppid: process.pid, platform: 'linux', isWorker: true } };
  // Not a variable that this process was started with.
  t.is(findPm2Place({ ...here, env: { ...ENV, PM2_HOME: '/nowhere' } }), undefined);
  t.is(findPm2Place({ ...here, env: { ...ENV, PM2_HOME: other } })!.pubSocket, join(other, 'pub.sock'));
});
