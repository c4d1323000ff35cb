// Users of Jest need no configuration: it loads packages by `require()`, and transforms nothing in node_modules.

import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { promisify } from 'node:util';
import test from 'ava';
import { removeFolder } from '../helpers/readme/folder.js';
import { makeConsumer, pack } from '../helpers/readme/packed.js';

const require = createRequire(import.meta.url);
const JEST = require.resolve('jest/bin/jest');

const TEST = `
class Counter {
  count = 0;
  async add() {
    return ++this.count;
  }
}

test('a client is shared in memory', async () => {
  const cluster = createMemoryCluster();
  cluster.setupPrimary();
  const [first, second] = [cluster.fork(), cluster.fork()].map(worker =>
    worker.createSharedClient(Counter, { name: 'counter' }),
  );
  expect([await first.add(), await second.add()]).toEqual([1, 2]);
  await expect(first.invoke('nothing')).rejects.toThrow(SharedClientError);
  cluster.close();
});

test('a client is shared alone, and by the drop-in for cluster-client', async () => {
  const client = createSharedClient(Counter, { name: 'alone' });
  expect(await client.add()).toBe(1);
  await client.close();
  const compat = cluster(Counter, { name: 'compat', singleMode: true }).create();
  expect(await compat.add()).toBe(1);
  await cluster.close(compat);
});

test('an export can be replaced', () => {
  const spy = jest.spyOn(library, 'createSharedClient').mockReturnValue('mine');
  expect(library.createSharedClient()).toBe('mine');
  spy.mockRestore();
});
`;

const WAYS = {
  import: `import { createSharedClient, SharedClientError } from 'cluster-shared-client';
import { createMemoryCluster } from 'cluster-shared-client/testing';
import cluster from 'cluster-shared-client/compat';`,
  require: `const library = require('cluster-shared-client');
const { createSharedClient, SharedClientError } = library;
const { createMemoryCluster } = require('cluster-shared-client/testing');
const cluster = require('cluster-shared-client/compat');`,
};

/** Stands for Babel or ts-jest, by which the tests themselves, and nothing else, become CommonJS. */
const TRANSFORM = `const { transformSync } = require(${JSON.stringify(require.resolve('esbuild'))});
module.exports = { process: code => ({ code: transformSync(code, { format: 'cjs' }).code }) };
`;

test('Jest runs tests that load the library by import and by require, without a configuration for it', async t => {
  const packed = await pack();
  const folder = await makeConsumer(packed);
  t.teardown(() => Promise.all([packed.folder, folder].map(removeFolder)));
  await writeFile(join(folder, 'package.json'), '{}');
  await writeFile(join(folder, 'transform.js'), TRANSFORM);
  await writeFile(
    join(folder, 'jest.config.js'),
    "module.exports = { transform: { 'import.test': './transform.js' } };",
  );
  // A namespace of imports can't be changed, so nothing of it can be replaced.
  const imports = TEST.slice(0, TEST.indexOf("test('an export"));
  await writeFile(join(folder, 'import.test.js'), WAYS.import + imports);
  await writeFile(join(folder, 'require.test.js'), WAYS.require + TEST);
  const { stderr } = await promisify(execFile)(process.execPath, [JEST, '--ci', '--rootDir', folder], { cwd: folder });
  t.regex(stderr, /Tests: +5 passed, 5 total/);
});
