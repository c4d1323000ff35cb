// What users install: the packed tarball, and the ways to load it.

import { readdirSync } from 'node:fs';
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { build } from 'esbuild';
import { compile, PROJECT, removeFolder, run } from '../helpers/readme/folder.js';
import { makeConsumer, type Packed, pack } from '../helpers/readme/packed.js';
import { linksIn, readPages } from '../helpers/readme/pages.js';

let packed: Packed;
let folder = '';

test.before(async () => {
  packed = await pack();
  folder = await makeConsumer(packed);
});

test.after.always(() => Promise.all([packed.folder, folder].map(removeFolder)));

test('it holds the bundled library, its types with their sources, and its pages', async t => {
  const sources = readdirSync('lib', { recursive: true, encoding: 'utf8' }).filter(file => file.endsWith('.ts'));
  const types = sources.map(file => `dist/lib/${file.replace(/\.ts$/, '.d.ts')}`);
  const required = types.map(file => file.replace('dist/lib/', 'dist/cjs/types/'));
  const { exports } = JSON.parse(await readFile('package.json', 'utf8')) as {
    exports: Record<string, string | Record<'import' | 'require', { types: string; default: string }>>;
  };
  const entries = Object.values(exports).flatMap(entry => (typeof entry === 'string' ? [] : Object.values(entry)));
  const named = entries.flatMap(entry => Object.values(entry)).map(file => file.replace('./', ''));
  const isShared = (file: string) => /^dist\/bundle\/chunk-\w+\.js$/.test(file);
  t.true(packed.files.some(isShared));
  const linked = new Set([...readPages()].flatMap(([page, text]) => linksIn(page, text).map(({ path }) => path)));
  t.deepEqual(
    packed.files.filter(file => !isShared(file)),
    [
      ...new Set([
        ...sources.map(file => `lib/${file}`),
        ...types,
        ...types.map(file => `${file}.map`),
        ...required,
        ...named,
      ]),
      ...['library.js', 'package.json', 'LICENSES', 'types/compat-exports.d.ts'].map(file => `dist/cjs/${file}`),
      ...readPages().keys(),
      ...[...linked].filter(file =>
        /^test\/examples\/(?:\w+\/app|grpc\/greeter)\.ts$|^test\/real-clients\/attempts\.ts$|^bench\/results\/[\w-]+\.svg$/.test(
          file,
        ),
      ),
      ...['CHANGELOG.md', 'LICENSE', 'package.json'],
    ].sort(),
  );
});

test('each relative link of its pages leads to a file of it', t => {
  for (const [page, text] of readPages()) {
    for (const { path, text: link } of linksIn(page, text)) t.true(packed.files.includes(path), `${page}: ${link}`);
  }
});

test('an editor finds the source of each type', async t => {
  const { sources } = JSON.parse(await readFile('dist/lib/client/types.d.ts.map', 'utf8')) as { sources: string[] };
  t.deepEqual(sources, ['../../../lib/client/types.ts']);
});

test('the library compiles without types of tests and of browsers', async t => {
  const folder = await mkdtemp(join(PROJECT, 'dist', 'alone-'));
  t.teardown(() => removeFolder(folder));
  const options = { noEmit: true, rootDir: PROJECT, incremental: false };
  const config = {
    extends: join(PROJECT, 'lib/tsconfig.json'),
    compilerOptions: options,
    include: [`${PROJECT}/lib`, '.'],
  };
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(config));
  t.is(await compile(folder), '');
  await writeFile(join(folder, 'strays.ts'), 'export const strays = [document, describe];\n');
  const output = await compile(folder);
  t.regex(output, /'document'/);
  t.regex(output, /'describe'/);
});

test('it names no source maps: where PM2 turns them on, the first stack trace of a process would wait for them', async t => {
  const scripts = packed.files.filter(file => file.endsWith('.js') || file.startsWith('dist/cjs/'));
  const texts = await Promise.all(scripts.map(file => readFile(file, 'utf8')));
  t.deepEqual(
    scripts.filter((_, i) => texts[i]!.includes('sourceMappingURL')),
    [],
  );
});

test('it is about as large as lib/README.md says', async t => {
  const output = /(\d+) kB packed and (\d+) kB unpacked/.exec(await readFile('lib/README.md', 'utf8'))!;
  const isNear = (bytes: number, kilobytes: string) => Math.abs(bytes / 1000 / Number(kilobytes) - 1) < 0.25;
  t.true(isNear(packed.size, output[1]!), `${packed.size} bytes packed`);
  t.true(isNear(packed.unpackedSize, output[2]!), `${packed.unpackedSize} bytes unpacked`);
});

/** Our own, and others that a run on many releases names. */
const COMPILERS = [undefined, ...(process.env.COMPILERS?.split(delimiter) ?? [])];

for (const [i, compiler] of COMPILERS.entries()) {
  const which = i === 0 ? 'TypeScript' : `another TypeScript (${i})`;

  test.serial(`${which} finds and checks it as bundlers do`, async t => {
    await setCompiler({ module: 'preserve', moduleResolution: 'bundler', noEmit: true });
    t.is(await compile(folder, compiler), '');
  });

  test.serial(
    `${which} finds and checks it as Node does, and what it makes runs, by import and by require`,
    async t => {
      await setCompiler({ module: 'nodenext' });
      t.is(await compile(folder, compiler), '');
      await countsTogether(t, ['app.mjs']);
      await countsTogether(t, ['app.cjs']);
    },
  );
}

for (const format of ['esm', 'cjs'] as const) {
  test.serial(`a worker in one minified file runs beside a primary that is not bundled, ${format}`, async t => {
    // Not below the folder in which the library is installed.
    const elsewhere = await mkdtemp(join(tmpdir(), 'csc-bundled-'));
    t.teardown(() => removeFolder(elsewhere));
    const outfile = join(elsewhere, format === 'esm' ? 'worker.mjs' : 'worker.cjs');
    const stdin = { contents: "import { work } from './work.mjs'; work();", resolveDir: folder };
    await build({ stdin, outfile, format, bundle: true, minify: true, platform: 'node', target: 'node20.19' });
    await countsTogether(t, ['app.mjs', outfile]);
  });
}

const setCompiler = (options: object) =>
  writeFile(
    join(folder, 'tsconfig.json'),
    // Its own declarations are checked too: skipLibCheck is off.
    JSON.stringify({ compilerOptions: { target: 'es2023', types: ['node'], strict: true, ...options } }),
  );

async function countsTogether(t: ExecutionContext, args: readonly string[]): Promise<void> {
  const { lines, stderr, code } = await run(folder, args);
  t.is(stderr, '');
  t.deepEqual(lines, ['2 ERR_UNKNOWN_METHOD', '2 ERR_UNKNOWN_METHOD', 'done']);
  t.is(code, 0);
}
