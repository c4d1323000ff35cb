// What NODE_DEBUG prints where things go wrong.

import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import test from 'ava';

const PROGRAM = fileURLToPath(new URL('../fixtures/diagnostics-memory.js', import.meta.url));

test('why a real client is not there can be read, and what is said over and over is one line', async t => {
  const child = spawn(process.execPath, [PROGRAM], { env: { ...process.env, NODE_DEBUG: 'cluster-shared-client' } });
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
  t.is(out, '');
  const lines = err.trim().split('\n');
  for (const line of lines) t.regex(line, /^CLUSTER-SHARED-CLIENT \d+: (?:primary|worker \d+): sick: ./);
  const printed = lines.map(line => line.replace(/.*?\d+: /, '').replace(/\d{13,}/, '…'));
  for (const line of [
    'primary: sick: warning: chooseLeader returned none of the candidates for "sick"; the default chose.',
    'worker 1: sick: could not open the real client (term …): Error: refused',
    'worker 1: sick: its real client is lost (term …): Error: broken',
    'worker 1: sick: there is no primary: The primary closed its half; what is asked for from now on waits for the next setupPrimary().',
  ]) {
    t.true(printed.includes(line), `${line}\nis not in\n${printed.join('\n')}`);
  }
  for (const [i, line] of lines.entries()) t.not(line, lines[i + 1]);
});
