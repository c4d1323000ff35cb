// How a test tells an app under PM2 what to do from the start.

import type { ConfigureOptions } from '../../../lib/index.js';

/** The environment variable with an {@link AppSetup}. */
export const SETUP = 'CSC_TEST_SETUP';

export interface AppSetup {
  readonly app: string;
  readonly configure?: ConfigureOptions;
  /** Calls each so many ms. */
  readonly callEveryMs?: number;
  /** Tells PM2 that it is ready once it is. */
  readonly tellsReady?: boolean;
  /** Makes no client before it is asked to. */
  readonly waits?: boolean;
  /** Listens, so that a reload goes on at once. */
  readonly listens?: boolean;
  /** Lines to the log, each so many ms. */
  readonly floodsLog?: boolean;
  /** No socket can be made. */
  readonly hasNoSocket?: boolean;
  /** What it does when PM2 tells it to stop. */
  readonly stops?: 'SIGINT' | 'shutdown';
}
