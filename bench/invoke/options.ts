// The options of `npm run bench -- invoke`.

import { parseArgs } from 'node:util';
import { oneOf, positiveInteger, refusingUnknown } from '../support/arguments.js';
import { CASES, type Case } from './cases.js';
import { CONTESTANTS, type ContestantName, type Entry, OFF_CHANNEL, type Serialization } from './contestant.js';

export interface InvokeOptions {
  readonly rounds: number;
  /** Of one measurement, after a warm-up of `warmUpMs`. */
  readonly ms: number;
  readonly warmUpMs: number;
  readonly cases: readonly Case[];
  readonly entries: readonly Entry[];
  readonly save: boolean;
}

export const HELP = `Round trips a second from one follower to the leader.
  --rounds N           rounds, alternating the contestants (3)
  --ms N               length of one measurement in ms (700), after a warm-up of 3/7 of it
  --only CASE          a case, may be repeated: ${CASES.map(({ name }) => name).join(', ')}
  --serialization S    advanced, json or both (both)
  --contestant NAME    may be repeated: ${CONTESTANTS.join(', ')}
  --save               write bench/results/invoke.json`;

/** Returns nothing where help was asked for. */
export function readOptions(args: string[]): InvokeOptions | undefined {
  const { values } = refusingUnknown(() =>
    parseArgs({
      args,
      options: {
        rounds: { type: 'string', default: '3' },
        ms: { type: 'string', default: '700' },
        only: { type: 'string', multiple: true },
        serialization: { type: 'string', default: 'both' },
        contestant: { type: 'string', multiple: true },
        save: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    }),
  );
  if (values.help) return undefined;
  const ms = positiveInteger('ms', values.ms);
  return {
    rounds: positiveInteger('rounds', values.rounds),
    ms,
    warmUpMs: Math.ceil((ms * 3) / 7),
    cases: casesNamed(values.only),
    entries: entriesOf(contestantsNamed(values.contestant), serializationsNamed(values.serialization)),
    save: values.save,
  };
}

function casesNamed(names?: string[]): readonly Case[] {
  if (!names) return CASES;
  const all = CASES.map(({ name }) => name);
  const chosen = names.map(name => oneOf('only', all, name));
  return CASES.filter(({ name }) => chosen.includes(name));
}

const contestantsNamed = (names?: string[]): readonly ContestantName[] =>
  // The drop-in has a bench of its own.
  names?.map(name => oneOf('contestant', CONTESTANTS, name)) ?? CONTESTANTS.filter(name => name !== 'compat');

function serializationsNamed(name: string): readonly Serialization[] {
  const chosen = oneOf('serialization', ['advanced', 'json', 'both'], name);
  return chosen === 'both' ? ['advanced', 'json'] : [chosen];
}

/** Who doesn't use the channels runs once. */
function entriesOf(names: readonly ContestantName[], serializations: readonly Serialization[]): Entry[] {
  return names.flatMap((contestant): Entry[] =>
    OFF_CHANNEL.includes(contestant)
      ? [{ contestant }]
      : serializations.map(serialization => ({ contestant, serialization })),
  );
}
