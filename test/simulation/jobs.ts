// Shares many seeds out among processes, a portion at a time. A seed means the same in each of them.

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { addTally, emptyTally, type Portion, type Tally, tallyOf } from './tally.js';

/** So few that a failure is soon seen, so many that handing out costs nothing. */
const PORTION = 50;

const JOB = fileURLToPath(new URL('job.js', import.meta.url));

/** Somebody who runs portions, one at a time. */
interface Job {
  run(portion: Portion): Promise<Tally>;
  end(): void;
}

/**
 * Runs all seeds of `whole`, or up to the first that fails.
 * @param progress told of all that was done so far, after each portion
 */
export async function runJobs(whole: Portion, count: number, progress: (tally: Tally) => void): Promise<Tally> {
  const total = emptyTally();
  const end = whole.start + whole.count;
  let next = whole.start;
  const work = async (job: Job) => {
    // What was handed out before a failure may hold an earlier one, and is run to its end.
    while (next < end && (whole.all || total.broken.length === 0)) {
      const start = next;
      next = Math.min(start + PORTION, end);
      addTally(total, await job.run({ ...whole, start, count: next - start }));
      progress(total);
    }
  };
  const jobs = count === 1 ? [ownJob] : Array.from({ length: count }, forkJob);
  await Promise.all(jobs.map(work)).finally(() => {
    for (const job of jobs) job.end();
  });
  total.broken.sort((a, b) => a.seed - b.seed);
  return total;
}

const ownJob: Job = { run: tallyOf, end() {} };

function forkJob(): Job {
  const child = fork(JOB);
  const over = once(child, 'exit').then(([code, signal]) => {
    throw new Error(`A job of the simulator ended with ${signal ?? code}.`);
  });
  over.catch(() => {});
  return {
    async run(portion) {
      child.send(portion);
      const [tally] = await Promise.race([once(child, 'message'), over]);
      return tally as Tally;
    },
    end: () => void (child.connected && child.disconnect()),
  };
}
