// The demo, briefly, and under a real PM2.

import { execFile, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import test from 'ava';
import { skip } from '../helpers/services/services.js';
import type { FleetTerm } from './demo/fleet.js';
import type { HalfResult } from './demo/half.js';

const DEMO = fileURLToPath(new URL('./demo/demo.js', import.meta.url));

for (const [title, args] of [
  ['with a primary of its own', []],
  ['under PM2, of which nothing is left', ['--pm2']],
] as const) {
  test.serial(`the demo runs ${title}`, async t => {
    const folder = mkdtempSync(join(tmpdir(), 'csce-'));
    t.teardown(() => rmSync(folder, { recursive: true, force: true }));
    const { NODE_V8_COVERAGE: _, ...env } = process.env;
    const { stdout } = await promisify(execFile)(process.execPath, [DEMO, ...args, '--seconds', '3', '--json'], {
      env: { ...env, TMPDIR: folder, XDG_RUNTIME_DIR: '' },
    });
    const [without, shared] = (JSON.parse(stdout) as { halves: HalfResult[] }).halves;
    t.is(without!.connections.live, 4);
    t.is(shared!.connections.live, 1);
    t.true(shared!.killed >= 1);
    t.is(shared!.ran!.twice, 0);
    t.is(shared!.ran!.stale, 0);
    t.true(shared!.made > 100);
    t.deepEqual(readdirSync(folder), []);
  });
}

test.serial('the demo of a fleet runs: each mishap has a next leader, in a higher term', async t => {
  if (spawnSync('nats-server', ['--version']).error) return skip(t, 'nats-server on this machine');
  const { stdout } = await promisify(execFile)(process.execPath, [DEMO, '--fleet', '--json']);
  const { terms } = JSON.parse(stdout) as { terms: FleetTerm[] };
  t.deepEqual(
    terms.map(({ after }) => after),
    [
      'the start',
      'its worker was killed',
      'its host stopped in good order',
      'its host was killed',
      'its host was frozen',
    ],
  );
  t.is(terms[1]!.host, terms[0]!.host);
  for (const [i, { term, host }] of terms.entries()) {
    if (i > 0) t.true(term > terms[i - 1]!.term);
    if (i > 1) t.not(host, terms[i - 1]!.host);
  }
});
