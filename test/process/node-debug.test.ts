// NODE_DEBUG=cluster-shared-client in a real cluster.

import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import test from 'ava';

async function run(debug?: string, program = 'diagnostics-debug.js'): Promise<{ out: string; err: string }> {
  const { NODE_DEBUG: _, ...env } = process.env;
  const path = fileURLToPath(new URL(`../fixtures/${program}`, import.meta.url));
  const child = spawn(process.execPath, [path], { env: { ...env, ...(debug && { NODE_DEBUG: debug }) } });
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { out, err };
}

test.serial('the life of a group is printed in lines that can be read', async t => {
  const { out, err } = await run('cluster-shared-client');
  t.is(out, '');
  const lines = err.trim().split('\n');
  const logged: string[] = [];
  for (const line of lines) {
    const [, who, what] = /^CLUSTER-SHARED-CLIENT \d+: (primary|worker \d+): debugged: (.+)$/.exec(line) ?? [];
    t.truthy(who, line);
    logged.push(
      `${who}: ${what!
        .replace(/pid \d+/, 'pid …')
        .replace(/\d{13,}/, '…')
        .replace(/[\d.]+ ms/, '… ms')}`,
    );
  }
  const of = (who: string) => logged.filter(line => line.startsWith(who)).map(line => line.slice(who.length + 2));
  t.deepEqual(of('primary'), [
    'worker 1 (pid …) is appointed for term …',
    'worker 1 (pid …) joined',
    'worker 1 (pid …) is ready in term …',
    'worker 2 (pid …) joined',
    'worker 1 (pid …) left',
    'worker 1 (pid …) leads no longer, term …: exited',
    'worker 2 (pid …) is appointed for term …',
    'worker 2 (pid …) is ready in term …',
    'worker 2 (pid …) leads no longer, term …: resigned',
    'nobody may lead',
    'worker 2 (pid …) left',
  ]);
  t.deepEqual(of('worker 2'), [
    'this worker joined',
    'worker 1 (pid …) is appointed for term …',
    'worker 1 (pid …) is ready in term …',
    'calls go by the relay route (term …)',
    'worker 1 (pid …) leads no longer, term …: exited',
    'this worker is appointed for term …',
    'opens the real client (term …)',
    'its real client is open (term …)',
    'serves calls (term …)',
    'calls go by the local route (term …), … ms after the leader before it was lost',
    'this worker is ready in term …',
    'asks to step down (term …)',
    'lets its calls end (term …)',
    'starts no call any more',
    'closes the real client (term …)',
    'leaves the group',
    'this worker left',
  ]);
});

test.serial('what is thrown without a text is a line too, and the group opens at a later attempt', async t => {
  const { out, err } = await run('cluster-shared-client', 'diagnostics-thrown.js');
  const shown = { symbol: 'Symbol(odd)', 'no text': 'an object', 'no prototype': 'an object', nothing: 'undefined' };
  const lines = err.trim().split('\n');
  for (const line of lines) t.regex(line, /^CLUSTER-SHARED-CLIENT \d+: (primary|worker 1): [a-z ]+: ./);
  for (const [group, thrown] of Object.entries(shown)) {
    const of = lines.map(line => line.split(`worker 1: ${group}: `)[1] ?? '');
    t.deepEqual(
      of
        .filter(line => line.includes('real client') && line.endsWith(`: ${thrown}`))
        .map(line => line.replace(/\d+/, '…')),
      [
        `could not open the real client (term …): ${thrown}`,
        `could not open the real client (term …): ${thrown}`,
        `its real client is lost (term …): ${thrown}`,
      ],
      group,
    );
    t.true(out.split('\n').includes(`${group}: 4`), out);
  }
});

test.serial('without it nothing is written', async t => {
  t.deepEqual(await run(), { out: '', err: '' });
  t.deepEqual(await run('http'), { out: '', err: '' });
});
