// One half of the demo: a cluster that works for some seconds, without sharing or with, and what came of it.

import { setTimeout as pause } from 'node:timers/promises';
import type { Connections } from '../../helpers/upstream/protocol.js';
import type { Display } from './display.js';
import type { Crew } from './staff.js';
import { type Sum, sum } from './sum.js';
import type { Term, Terms } from './terms.js';
import type { Ran, Upstream } from './upstream.js';

const KILL_EVERY_MS = 1500;
const SHOW_EVERY_MS = 200;

export interface HalfOptions {
  readonly workers: number;
  readonly seconds: number;
  readonly upstream: Upstream;
  readonly display: Display;
  readonly crew: Crew;
  /** Given: the workers share, and the leader is killed now and then. */
  readonly terms?: Terms | undefined;
  /** Ends it early. */
  readonly stop: AbortController;
}

export interface HalfResult extends Sum {
  readonly shared: boolean;
  readonly workers: number;
  readonly connections: Connections;
  readonly killed: number;
  readonly terms: readonly Term[];
  readonly ran: Ran | undefined;
}

export async function runHalf(options: HalfOptions): Promise<HalfResult> {
  const { workers, upstream, display, crew: staff, terms, stop } = options;
  const show = () => display.live({ workers: staff.size, connections: upstream.connections, ...sum(staff.counts) });
  const shows = setInterval(show, SHOW_EVERY_MS);
  try {
    await staff.hire(workers);
    await staff.until('serving');
    display.event('all workers make calls');
    const killed = await work(options, staff, terms);
    const { connections } = upstream;
    await finish(staff);
    const result = { shared: terms !== undefined, workers, connections, killed, terms: terms?.close() ?? [] };
    return { ...result, ...sum(staff.counts), ran: await upstream.ran() };
  } catch (error) {
    // Why all waiting ended says more than that it ended.
    throw stop.signal.aborted ? stop.signal.reason : error;
  } finally {
    clearInterval(shows);
    await staff.close();
  }
}

/** Lets the workers work. Returns how many leaders were killed meanwhile. */
async function work({ seconds, stop: { signal } }: HalfOptions, staff: Crew, terms?: Terms): Promise<number> {
  const end = performance.now() + seconds * 1000;
  const everyMs = Math.min(KILL_EVERY_MS, (seconds * 1000) / 3);
  let killed = 0;
  // Each successor, and the worker that is forked anew, shall have as long as the first.
  while (terms && performance.now() + 2 * everyMs <= end) {
    await pause(everyMs, undefined, { signal });
    terms.kill(await terms.leader(signal));
    killed++;
    await terms.leader(signal);
    await staff.until('serving');
  }
  await pause(Math.max(0, end - performance.now()), undefined, { signal });
  return killed;
}

/** No more calls; then a last publication that everybody has to get: what is missing before it was missed. */
async function finish(staff: Crew): Promise<void> {
  staff.tell({ demo: 'stop' });
  await staff.until('quiet');
  staff.tellOne({ demo: 'publish last' });
  await staff.until('caught up');
}
