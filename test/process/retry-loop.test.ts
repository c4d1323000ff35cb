// Workers that ask for ever, whatever comes back, end as they would without the library.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import test, { type ExecutionContext } from 'ava';

const PROGRAM = new URL('../fixtures/process-loop.js', import.meta.url);

/** Starts it, and waits until both workers ask. */
async function start(t: ExecutionContext) {
  const child = spawn(process.execPath, [PROGRAM.pathname], { stdio: ['ignore', 'pipe', 'inherit'] });
  const pids: Record<string, number> = {};
  t.teardown(() => {
    for (const pid of [child.pid!, ...Object.values(pids)]) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {}
    }
  });
  const lines: string[] = [];
  const reader = createInterface(child.stdout);
  const over = once(reader, 'close');
  await new Promise<void>(resolve => {
    reader.on('line', line => {
      const [, pid, role] = /^(\d+) (leads|follows)$/.exec(line) ?? [];
      if (role === undefined) return void lines.push(line);
      pids[role] = Number(pid);
      if (Object.keys(pids).length === 2) resolve();
    });
  });
  return { child, lines, over, leads: pids.leads!, follows: pids.follows! };
}

test.serial('when the primary is killed, both end with 0, and the leader closes its real client', async t => {
  const { child, lines, over } = await start(t);
  child.kill('SIGKILL');
  await over;
  t.deepEqual(lines.sort(), [
    'closed the real client',
    'disconnect undefined',
    'disconnect undefined',
    'exit 0',
    'exit 0',
  ]);
});

test.serial('at SIGTERM with resignOn each closes what it holds, and dies of the signal', async t => {
  const { child, lines, over, leads, follows } = await start(t);
  process.kill(leads, 'SIGTERM');
  process.kill(follows, 'SIGTERM');
  await over;
  t.is(child.signalCode, null);
  t.deepEqual(new Set(lines), new Set(['closed the real client']));
});
