// The options of all benches.

import { parseArgs } from 'node:util';
import type { Serialization } from '../contestants/contestant.js';
import { CONTESTANTS, type ContestantName, entriesOf } from '../contestants/load.js';
import { oneOf, positiveInteger, refusingUnknown } from './arguments.js';
import type { Bench, BenchRun, Case } from './bench.js';

export interface Options {
  readonly run: (bench: Bench) => BenchRun;
  /** The folder that results go to. */
  readonly out?: string;
  readonly help: boolean;
  readonly check: boolean;
}

export const HELP = `
  --rounds N           rounds, the contestants taking turns
  --ms N               length of one measurement in ms, after a warm-up of 3/7 of it
  --only CASE          a case; may be repeated
  --contestant NAME    may be repeated: ${CONTESTANTS.join(', ')}
  --serialization S    of the cluster's channels: advanced, json or both (advanced)
  --out FOLDER         where results go; bench/results for a run of all, else they are only printed
  --check              compare the ratios of the chief cases with those in bench/results, and fail where they fell`;

export function readOptions(args: string[]): Options {
  const { values } = refusingUnknown(() =>
    parseArgs({
      args,
      options: {
        rounds: { type: 'string' },
        ms: { type: 'string' },
        only: { type: 'string', multiple: true },
        contestant: { type: 'string', multiple: true },
        serialization: { type: 'string', default: 'advanced' },
        out: { type: 'string' },
        check: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    }),
  );
  const rounds = values.rounds === undefined ? undefined : positiveInteger('rounds', values.rounds);
  const ms = values.ms === undefined ? undefined : positiveInteger('ms', values.ms);
  const contestants = values.contestant?.map(name => oneOf('contestant', CONTESTANTS, name));
  const serializations = serializationsNamed(values.serialization);
  return {
    run: bench => ({
      bench,
      cases: casesNamed(bench, values.only),
      entries: entriesOf(chosen(bench, contestants), serializations),
      rounds: rounds ?? bench.rounds,
      ms: ms ?? bench.ms,
    }),
    out: values.out,
    help: values.help,
    check: values.check,
  };
}

const chosen = (bench: Bench, named?: readonly ContestantName[]) => named ?? bench.contestants;

function casesNamed({ cases }: Bench, names?: readonly string[]): readonly Case[] {
  if (!names) return cases;
  const all = cases.map(({ name }) => name);
  const wanted = names.map(name => oneOf('only', all, name));
  return cases.filter(({ name }) => wanted.includes(name));
}

function serializationsNamed(name: string): readonly Serialization[] {
  const found = oneOf('serialization', ['advanced', 'json', 'both'], name);
  return found === 'both' ? ['advanced', 'json'] : [found];
}
