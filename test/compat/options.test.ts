// What options and variables come to, in a process of its own: variables are read there, and what does nothing is told once.

import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import test from 'ava';
import { groupOf, resolveOptions } from '../../lib/compat/options.js';
import { noPrimary } from '../../lib/errors/primary-errors.js';

const COMPAT = new URL('../../lib/compat.js', import.meta.url).href;

const SCRIPT = `
  import cluster from ${JSON.stringify(COMPAT)};
  class Echo { async echo(value) { return value; } }
  const options = { port: 1234, connectTimeout: 1, heartbeatInterval: 1, isCheckHeartbeat: true };
  const clients = [cluster(Echo, options).create(), cluster(Echo, options).create(), cluster(Echo).create()];
  for (const client of clients) await client.echo(1);
  const { port, singleMode } = clients[2].options;
  console.log(JSON.stringify([port, singleMode, clients.map(client => client.isClusterClientLeader)]));
  for (const client of clients) await client.close();
`;

async function run(env: NodeJS.ProcessEnv): Promise<{ printed: unknown; logged: string[] }> {
  const { stdout, stderr } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', SCRIPT], {
    cwd: fileURLToPath(new URL('.', import.meta.url)),
    env: { ...process.env, NODE_V8_COVERAGE: '', ...env },
  });
  return {
    printed: JSON.parse(stdout),
    logged: stderr.split('\n').filter(line => /The (?:option|variable)/.test(line)),
  };
}

test('what does nothing is told once, to whoever debugs, and to nobody else', async t => {
  const { printed, logged } = await run({ NODE_DEBUG: 'cluster-shared-client' });
  t.deepEqual(printed, [7777, false, [true, false, true]]);
  t.deepEqual(
    logged.map(line => /The (?:option|variable) \w+/.exec(line)?.[0]),
    ['port', 'connectTimeout', 'heartbeatInterval', 'isCheckHeartbeat'].map(name => `The option ${name}`),
  );
  t.deepEqual((await run({})).logged, []);
});

test('the variables of cluster-client are read', async t => {
  const { printed, logged } = await run({
    NODE_DEBUG: 'cluster-shared-client',
    NODE_CLUSTER_CLIENT_PORT: '4321',
    NODE_CLUSTER_CLIENT_CONNECT_TIMEOUT: '5',
    NODE_CLUSTER_CLIENT_SINGLE_MODE: '1',
  });
  t.deepEqual(printed, [4321, true, [true, true, true]]);
  t.deepEqual(logged.filter(line => line.includes('The variable')).length, 2);
});

test('a name and a port make a group, and single mode one of its own', t => {
  t.is(groupOf(resolveOptions('Class')), 'Class@7777');
  t.is(groupOf(resolveOptions('Class', { name: 'name', port: 1 })), 'name@1');
  t.is(groupOf(resolveOptions('Class', { singleMode: true, port: 1 })), 'Class@single');
  t.is(resolveOptions('Class', { isBroadcast: undefined }).isBroadcast, true);
});

test('without a logger, that there is no primary is a warning of the process, and no other error is', async t => {
  const { logger } = resolveOptions('Client', {});
  const warnings: (Error & { code?: string })[] = [];
  const listen = (warning: Error) => warnings.push(warning);
  process.on('warning', listen);
  logger.error!(new Error('another'));
  logger.error!(noPrimary(5000));
  await new Promise(resolve => setImmediate(resolve));
  process.off('warning', listen);
  t.like(warnings, { length: 1, 0: { name: 'SharedClientWarning', code: 'ERR_NO_PRIMARY' } });
  t.regex(warnings[0]!.message, /setupPrimary\(\)/);
});
