// Everything that a process of a contestant can be told to do by the runner, by name.

import type { Desk, Seat } from '../contestants/contestant.js';
import * as echo from '../jobs/echo.js';
import * as failover from '../jobs/failover.js';
import * as fanOut from '../jobs/fan-out.js';
import * as stream from '../jobs/stream.js';
import { type Usage, usage, usageOver } from '../jobs/usage.js';

/** In a worker. */
export const WORKER_JOBS = {
  ...echo.JOBS,
  ...fanOut.JOBS,
  ...failover.JOBS,
  ...stream.JOBS,
  usage: (_seat: Seat, _args: null): Usage => usage(),
  usageOver: (_seat: Seat, ms: number): Promise<Usage> => usageOver(ms),
};

/** In the primary. */
export const PRIMARY_JOBS = {
  usage: (_desk: Desk, _args: null): Usage => usage(),
  usageOver: (_desk: Desk, ms: number): Promise<Usage> => usageOver(ms),
  frames: (desk: Desk, _args: null): number | undefined => desk.frames?.(),
};

/** A worker that has joined. */
export interface Seated {
  readonly seat: number;
  readonly pid: number;
  readonly leads: boolean;
}
