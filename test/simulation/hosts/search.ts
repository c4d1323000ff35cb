// Runs many seeds of hosts that share a client, one after the other.

import { simulateHosts } from './simulate.js';

export interface SearchOptions {
  /** Goes on after a failure. */
  readonly all: boolean;
  /** Prints what happens. */
  readonly traces: boolean;
}

/** @returns 1 if a promise broke */
export async function searchHosts(
  start: number,
  count: number,
  print: (text: string) => void,
  { all, traces }: SearchOptions,
): Promise<number> {
  const totals = { schedules: 0, calls: 0, values: 0, terms: 0, broken: 0 };
  for (let seed = start; seed < start + count; seed++) {
    const { violation, calls, values, terms } = await simulateHosts(seed, traces ? print : undefined);
    totals.schedules++;
    totals.calls += calls;
    totals.values += values;
    totals.terms += terms;
    if (!violation) continue;
    totals.broken++;
    print(`seed ${seed} broke "${violation.promise}": ${violation.text}`);
    if (!all) break;
  }
  const { schedules, calls, values, terms, broken } = totals;
  print(`${schedules} schedules: ${calls} calls, ${values} values, ${terms} terms`);
  print(broken === 0 ? 'every promise was kept' : `${broken} schedules broke a promise`);
  return broken === 0 ? 0 : 1;
}
