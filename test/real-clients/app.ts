// A cluster of three workers that share one real client: `node app.js LIBRARY ROUTE`. Prints what each step gave in each worker,
// then the same after SIGKILL of the leader, as JSON. A line on its standard input lets it go on.

import cluster, { type Worker } from 'node:cluster';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setupPrimary } from 'cluster-shared-client';
import { ATTEMPTS } from './attempts.js';

const [library, route] = process.argv.slice(2) as [string, 'relay' | 'direct'];
const attempt = ATTEMPTS[library]!;

if (cluster.isPrimary) {
  const primary = setupPrimary({ route });
  const input = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
  const workers = Array.from({ length: 3 }, () => cluster.fork());
  await Promise.all(workers.map(worker => once(worker, 'message')));
  const warnings: string[] = [];
  primary.on('warning', ({ message }) => warnings.push(message));
  const runAll = (all: Worker[]) => Promise.all(all.map(run));
  const first = await runAll(workers);
  console.log(JSON.stringify({ workers: first, warnings }));
  await input.next();
  const leader = primary.status().groups[0]!.leader!.workerId;
  const next = new Promise(resolve => primary.on('ready', resolve));
  process.kill(cluster.workers![leader]!.process.pid!, 'SIGKILL');
  await next;
  const left = workers.filter(({ id }) => id !== leader);
  console.log(JSON.stringify({ workers: await runAll(left), warnings }));
  await input.next();
  process.exit();
} else {
  const handle = attempt.share();
  const told: string[] = [];
  handle.on('error', (error: Error) => told.push(`error ${error.message}`));
  handle.on('warning', ({ message }: { message: string }) => told.push(`warning ${message}`));
  process.on('message', async () => {
    const ends: Record<string, unknown> = {};
    try {
      await handle.ready();
      for (const [step, run] of Object.entries(attempt.steps))
        ends[step] = await endOf(() => run(handle, `w${cluster.worker!.id}`));
    } catch (error) {
      ends.ready = `${(error as { code?: string }).code} ${(error as { cause?: unknown }).cause ?? error}`;
    }
    process.send!({ ends, told: told.splice(0) });
  });
  process.send!('up');
}

async function run(worker: Worker): Promise<unknown> {
  worker.send('run');
  for (;;) {
    const [message] = await once(worker, 'message');
    return message;
  }
}

/** What it resolved with, or `code: text` of its error. */
async function endOf(run: () => unknown): Promise<unknown> {
  try {
    const value = await run();
    return value === undefined ? 'undefined' : value;
  } catch (error) {
    const { code, outcome, message } = error as { code?: string; outcome?: string; message: string };
    return `${code}${outcome ? ` ${outcome}` : ''}: ${message.slice(0, 160)}`;
  }
}
