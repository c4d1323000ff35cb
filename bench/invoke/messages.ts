// What the bench's own processes tell each other. During a measurement they are silent.

import type { Measured } from './drive.js';

/** runner -> primary -> follower */
export interface Run {
  readonly run: string;
  readonly warmUpMs: number;
  readonly ms: number;
}

/** follower -> primary -> runner */
export interface Ran {
  readonly ran: Outcome;
}

/** worker -> primary */
export interface Seated {
  readonly seated: boolean;
}

/** primary -> runner: both workers are there. */
export interface Standing {
  readonly standing: true;
}

export type Outcome =
  | (Measured & { readonly failed?: undefined /** What came back wasn't what was sent. */; readonly altered: boolean })
  | { readonly failed: string };
