// A fault that somebody might build into the library one day: a change of one line of what was compiled, and a seed by which
// the simulator finds it.

import type { Settings } from './fleet/plan.js';

export interface Mutation {
  /** What the library does wrong. */
  readonly name: string;
  /** Below dist/lib. */
  readonly file: string;
  /** Occurs once in the file. */
  readonly find: string;
  readonly replace: string;
  /** The first seed that finds it. */
  readonly seed: number;
  /** @default 'relay' */
  readonly route?: 'direct';
  /** It is looked for with shared clients across hosts instead. */
  readonly calls?: true;
  /** It is looked for with elections of a fleet instead. */
  readonly fleet?: Settings;
}
