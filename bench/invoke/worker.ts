// A worker of one contestant. The follower is told what to measure.

import { isDeepStrictEqual } from 'node:util';
import { CASES } from './cases.js';
import { type ContestantName, loadContestant } from './contestant.js';
import { drive, type Echo } from './drive.js';
import type { Outcome, Ran, Run, Seated } from './messages.js';

const contestant = await loadContestant(process.env.BENCH_CONTESTANT as ContestantName);
const { leads, echo } = await contestant.join();

process.on('message', async (order: Partial<Run>) => {
  if (order?.run === undefined) return;
  process.send?.({ ran: await measure(echo, order as Run) } satisfies Ran);
});
process.send?.({ seated: leads } satisfies Seated);

async function measure(echo: Echo, { run, warmUpMs, ms }: Run): Promise<Outcome> {
  const found = CASES.find(({ name }) => name === run);
  if (!found) return { failed: `There is no case ${run}.` };
  const value = found.value();
  try {
    const start = performance.now();
    const altered = !isDeepStrictEqual(await echo(value), value);
    // A single call that takes longer than the warm-up has warmed up enough, and many such would take minutes.
    if (performance.now() - start < warmUpMs) await drive(echo, value, found.inFlight, warmUpMs);
    return { ...(await drive(echo, value, found.inFlight, ms)), altered };
  } catch (error) {
    return { failed: String(error) };
  }
}
