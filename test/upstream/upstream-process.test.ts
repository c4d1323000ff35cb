import { fork } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { fileURLToPath } from 'node:url';
import test from 'ava';

const PARENT = fileURLToPath(new URL('./upstream-parent.js', import.meta.url));

test('it ends when its parent is killed', async t => {
  const parent = fork(PARENT);
  const [{ path }] = (await once(parent, 'message')) as [{ path: string }];
  const socket = connect(path);
  await once(socket, 'connect');
  // Reset where the upstream hadn't accepted it yet.
  socket.on('error', () => {});
  const closed = new Promise(resolve => socket.on('close', resolve));
  parent.kill('SIGKILL');
  await closed;
  const refused = connect(path);
  const [error] = await once(refused, 'error');
  t.regex(error.code, /ENOENT|ECONNREFUSED/);
});
