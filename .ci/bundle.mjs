// Makes dist/bundle and dist/cjs from what the compiler made: the library as a few ES modules, and for `require()` in tools
// that don't load ES modules by it, such as Jest. The dependencies are part of the latter, since two of the three are ES
// modules. One file holds its code, so that a process has it once.

import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { build } from 'esbuild';

const ESM = 'dist/bundle';
const OUT = 'dist/cjs';
const ENTRIES = ['index', 'compat', 'testing', 'nats', 'postgres'];
/** Each needs an optional package of the user's, and little of the library. */
const CLIENTS = ['mqtt'];
const BUNDLED = ['eventemitter2', 'nanoid', 'serialize-error', 'non-error'];

const common = { bundle: true, platform: 'node', target: 'node20.19', logLevel: 'warning' };

rmSync(ESM, { recursive: true, force: true });
await build({
  ...common,
  entryPoints: [...ENTRIES, ...CLIENTS.map(name => `clients/${name}`)].map(name => `dist/lib/${name}.js`),
  splitting: true,
  packages: 'external',
  format: 'esm',
  outdir: ESM,
});

const options = { ...common, format: 'cjs', external: [...CLIENTS, '@nats-io/jetstream'] };

rmSync(OUT, { recursive: true, force: true });
mkdirSync(join(OUT, 'clients'), { recursive: true });
writeFileSync(join(OUT, 'package.json'), '{ "type": "commonjs" }\n');

const contents = ENTRIES.map(name => `export * as ${name} from './dist/lib/${name}.js';`).join('\n');
await build({ ...options, stdin: { contents, resolveDir: '.' }, outfile: join(OUT, 'library.js') });
// Copies of the exports, since a test may want to replace one.
for (const name of ENTRIES.filter(name => name !== 'compat'))
  writeFileSync(join(OUT, `${name}.js`), `module.exports = { ...require('./library.js').${name} };\n`);
writeFileSync(
  join(OUT, 'compat.js'),
  "const { default: cluster } = require('./library.js').compat;\nmodule.exports = Object.assign(cluster, { default: cluster });\n",
);
for (const name of CLIENTS)
  await build({
    ...options,
    entryPoints: [`dist/lib/clients/${name}.js`],
    outfile: join(OUT, 'clients', `${name}.js`),
  });

// The declarations are the same, but TypeScript takes those of an ES module for nothing that `require()` returns.
const types = join(OUT, 'types');
mkdirSync(types, { recursive: true });
for (const file of readdirSync('dist/lib', { recursive: true }).filter(file => file.endsWith('.d.ts'))) {
  mkdirSync(dirname(join(types, file)), { recursive: true });
  // Their maps are beside the originals only.
  const text = readFileSync(join('dist/lib', file), 'utf8').replace(/\/\/# sourceMappingURL=\S+\s*$/, '');
  writeFileSync(join(types, file), text);
}
renameSync(join(types, 'compat.d.ts'), join(types, 'compat-exports.d.ts'));
const typeNames = readFileSync('lib/compat.ts', 'utf8')
  .match(/export type \{[^}]+\}/g)
  .flatMap(list => list.match(/\b[A-Z]\w+/g));
writeFileSync(
  join(types, 'compat.d.ts'),
  `import exported = require('./compat-exports.js');
declare const cluster: typeof exported.default & { readonly default: typeof exported.default };
declare namespace cluster {
${typeNames.map(name => `  export import ${name} = exported.${name};\n`).join('')}}
export = cluster;
`,
);

writeFileSync(
  join(OUT, 'LICENSES'),
  BUNDLED.map(name => `${name}\n\n${readFileSync(licenseOf(name), 'utf8').trim()}\n`).join('\n\n'),
);

/** Their file names differ. */
function licenseOf(name) {
  const folder = dirname(join('node_modules', name, 'package.json'));
  const file = ['LICENSE', 'license', 'LICENSE.txt', 'license.md'].find(file => {
    try {
      return readFileSync(join(folder, file)) !== undefined;
    } catch {
      return false;
    }
  });
  if (!file) throw new Error(`${name} has no license file`);
  return join(folder, file);
}
