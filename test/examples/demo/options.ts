// The demo's arguments, checked. What is wrong with one is said in one sentence.

import { parseArgs } from 'node:util';

export interface DemoOptions {
  readonly workers: number;
  /** How long calls are made, in each half. */
  readonly seconds: number;
  /** A real Redis instead of the embedded upstream. */
  readonly redis?: string | undefined;
  readonly json: boolean;
  /** Under a real PM2. */
  readonly pm2: boolean;
  /** Three clusters that elect one leader, instead of the two halves. */
  readonly fleet: boolean;
}

/** Ends the demo with its message alone. */
export class Refusal extends Error {}

export const HELP = `npm run demo -- [options]
  --redis URL    share connections to this Redis instead of a small embedded upstream
  --workers N    workers of the cluster, 1 to 64 (4)
  --seconds N    how long calls are made in each of the two halves, 1 to 3600 (6)
  --pm2          under a real PM2, in a home of its own that is removed at the end
  --fleet        instead: three clusters and one nats-server, a task that runs in one worker of all, and hosts that
                 are killed and frozen
  --json         print one JSON object at the end; what goes on meanwhile is told on stderr`;

/** Returns nothing where help was asked for. */
export function readOptions(args: string[]): DemoOptions | undefined {
  const { values } = parse(args);
  if (values.help) return undefined;
  return {
    workers: within('workers', values.workers, 1, 64),
    seconds: within('seconds', values.seconds, 1, 3600),
    redis: values.redis,
    json: values.json,
    pm2: values.pm2,
    fleet: values.fleet,
  };
}

function parse(args: string[]) {
  try {
    return parseArgs({
      args,
      options: {
        redis: { type: 'string' },
        workers: { type: 'string', default: '4' },
        seconds: { type: 'string', default: '6' },
        json: { type: 'boolean', default: false },
        pm2: { type: 'boolean', default: false },
        fleet: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
  } catch (error) {
    throw new Refusal((error as Error).message);
  }
}

function within(option: string, given: string, lowest: number, highest: number): number {
  const number = given.trim() === '' ? Number.NaN : Number(given);
  if (Number.isInteger(number) && number >= lowest && number <= highest) return number;
  throw new Refusal(
    `--${option} must be a whole number from ${lowest} to ${highest}, but it is ${JSON.stringify(given)}.`,
  );
}
