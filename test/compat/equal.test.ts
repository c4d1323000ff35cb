// Equal behaviour: the same scripts on cluster-client and on the drop-in, in one process. Where they differ they differ
// by a name that the guide in lib/compat has, and in the way that is written there.

import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import test from 'ava';
import { ERROR_NAMES } from '../../lib/compat/error-names.js';
import { resolveOptions } from '../../lib/compat/options.js';
import { codesIn, tablesIn } from '../helpers/readme/markdown.js';
import { API_CLIENTS } from './equal/api-client.js';
import { CALLS } from './equal/calls.js';
import type { Case } from './equal/case.js';
import { DELEGATES } from './equal/delegates.js';
import { LIFE } from './equal/life.js';
import { SINGLE_MODE } from './equal/single-mode.js';
import { SUBSCRIPTIONS } from './equal/subscriptions.js';
import { VALUES } from './equal/values.js';
import { forgetLeftovers, type Library, World } from './equal/world.js';

const CASES: readonly Case[] = [
  ...DELEGATES,
  ...CALLS,
  ...VALUES,
  ...SUBSCRIPTIONS,
  ...LIFE,
  ...SINGLE_MODE,
  ...API_CLIENTS,
];

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

/** A client of the drop-in that a script left open has a group by the name of its port: nobody else may meet it there. */
const used = new Set<number>();

/** The first of two that are free, and were not given out before. */
async function freePorts(): Promise<number> {
  for (;;) {
    const first = createServer();
    const second = createServer();
    try {
      const port = await listen(first, 0);
      await listen(second, port + 1);
      if (used.has(port)) continue;
      used.add(port);
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

const GUIDE = readFileSync('lib/compat/README.md', 'utf8');

/** A table of the guide by its heading and the first cell of its head. */
function tableOf(heading: string, head: string): readonly (readonly string[])[] {
  return tablesIn(GUIDE, heading).find(table => table.head[0] === head)!.rows;
}

test('the differences are those of the guide, by name', t => {
  const documented = tableOf('## What is different', 'difference').map(([name]) => name!);
  t.deepEqual([...new Set(CASES.flatMap(({ differs }) => differs?.name ?? []))].sort(), documented.sort());
});

test('the options of the guide are those of cluster-client, with the defaults of here', t => {
  const documented = tableOf('## Options', 'option').flatMap(([names, value]) =>
    codesIn(names!).map(name => [name, codesIn(value!)[0]] as const),
  );
  const original = new World('cluster-client', 1).cluster(class {});
  const known = [...Object.keys(original._options), 'subscribeTimeout', 'isLeader', 'maxListeners'];
  t.deepEqual(documented.map(([name]) => name).sort(), known.sort());
  const defaults: Readonly<Record<string, unknown>> = { ...resolveOptions('Class') };
  for (const [name, value] of documented) {
    if (
      typeof defaults[name] !== 'object' &&
      !['name', 'logger', 'formatKey', 'connectTimeout'].includes(name) &&
      value
    )
      t.is(String(defaults[name]), value, name);
  }
});

test('the names of errors are those of the guide', t => {
  const documented = tableOf('## Errors', 'name').flatMap(([name, codes]) =>
    codesIn(codes!).map(code => [code, codesIn(name!)[0]]),
  );
  t.deepEqual(Object.fromEntries(documented), { ...ERROR_NAMES });
});

test('no two scripts have the same title', t => {
  t.is(new Set(CASES.map(({ title }) => title)).size, CASES.length);
  t.true(CASES.length >= 40);
});
