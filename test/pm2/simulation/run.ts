// `node run.js [first seed] [seeds]`: runs worlds until one breaks.

import { Random } from '../../helpers/unit/random.js';
import { World } from './world.js';

/** Seeds above this one aim at leaders. */
export const AIMED = 1_000_000;

/** Those above this one hand over on purpose, too. */
export const HANDED = 2_000_000;

/** And above this one members also leave, come back, and may lead no more for a while. */
export const LEFT = 3_000_000;

/** Runs `count` seeds from `first` on; the first that breaks, and how. */
export async function search(first: number, count: number): Promise<{ seed: number; error: Error } | undefined> {
  for (let seed = first; seed < first + count; seed++) {
    try {
      const [isAimed, handsOver, leaves] = [seed > AIMED && seed <= HANDED, seed > HANDED, seed > LEFT];
      await new World(new Random(seed), { isAimed, handsOver, leaves }).run();
    } catch (error) {
      return { seed, error: error as Error };
    }
  }
  return undefined;
}

if (process.argv[1] === import.meta.filename) {
  const [first = 1, count = 100] = process.argv.slice(2).map(Number);
  const found = await search(first, count);
  console.log(found ? `seed ${found.seed} broke ${found.error.message}` : 'nothing broke');
}
