// `npm run bench -- NAME [options]`: runs one bench by name, or all there are. What a bench measures lives in its own file.

import { BadArgument } from './support/arguments.js';

interface Bench {
  readonly title: string;
  /** Loads it only when it runs: a bench may need a library that another can do without. */
  readonly load: () => Promise<{ readonly main: (args: string[]) => Promise<void> }>;
}

const BENCHES: Readonly<Record<string, Bench>> = {
  invoke: {
    title: 'round trips a second from a follower to the leader, beside cluster-client',
    load: () => import('./invoke.js'),
  },
  compat: {
    title: 'the same through the drop-in for cluster-client, beside both',
    load: () => import('./compat.js'),
  },
};

try {
  await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof BadArgument)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}

async function main(args: string[]): Promise<void> {
  const named = args[0] !== undefined && !args[0].startsWith('-');
  if (!named) printList();
  const names = named ? [args[0] as string] : Object.keys(BENCHES);
  for (const name of names) {
    const bench = Object.hasOwn(BENCHES, name) ? BENCHES[name] : undefined;
    if (!bench) throw new BadArgument(`There is no bench named ${name}; there is ${Object.keys(BENCHES).join(', ')}.`);
    await (await bench.load()).main(named ? args.slice(1) : args);
  }
}

function printList(): void {
  for (const [name, { title }] of Object.entries(BENCHES)) console.log(`npm run bench -- ${name.padEnd(10)} ${title}`);
  console.log();
}
