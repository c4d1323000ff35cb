// Equal behaviour: the same scripts on cluster-client and on the drop-in, in one process. Where they differ they differ
// by a name that the README has, and in the way that is written there.

import { createServer } from 'node:net';
import test from 'ava';
import { CALLS } from './equal/calls.js';
import type { Case } from './equal/case.js';
import { DELEGATES } from './equal/delegates.js';
import { LIFE } from './equal/life.js';
import { SUBSCRIPTIONS } from './equal/subscriptions.js';
import { forgetLeftovers, type Library, World } from './equal/world.js';

const CASES: readonly Case[] = [...DELEGATES, ...CALLS, ...SUBSCRIPTIONS, ...LIFE];

for (const { title, run, differs } of CASES) {
  test.serial(title, async t => {
    const outcomes = { original: await outcomeOf('cluster-client', run), compat: await outcomeOf('compat', run) };
    if (differs) t.deepEqual(outcomes, { original: differs.original, compat: differs.compat });
    else t.deepEqual(outcomes.compat, outcomes.original);
  });
}

test.after.always(forgetLeftovers);

async function outcomeOf(library: Library, run: Case['run']): Promise<unknown> {
  const world = new World(library, await freePorts());
  try {
    return await run(world);
  } finally {
    await world.end();
  }
}

/** The first of two that are free. */
async function freePorts(): Promise<number> {
  for (;;) {
    const first = createServer();
    const second = createServer();
    try {
      const port = await listen(first, 0);
      await listen(second, port + 1);
      return port;
    } catch {
      // The next one is taken: others then.
    } finally {
      await Promise.all([first, second].map(server => new Promise(resolve => server.close(resolve))));
    }
  }
}

function listen(server: ReturnType<typeof createServer>, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => resolve((server.address() as { port: number }).port));
  });
}

test('no two scripts have the same title', t => {
  t.is(new Set(CASES.map(({ title }) => title)).size, CASES.length);
  t.true(CASES.length >= 40);
});
