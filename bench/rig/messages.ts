// What the bench's own processes tell each other. During a measurement they are silent.

import type { Seated } from './jobs.js';

/** runner -> primary; with a job for the primary itself, or for the worker of a seat */
export type Order =
  | { readonly bench: number; readonly grow: number }
  | { readonly bench: number; readonly kill: number }
  | JobOrder;

/** runner -> primary -> worker */
export interface JobOrder {
  readonly bench: number;
  /** 0 is the primary. */
  readonly seat: number;
  readonly job: string;
  readonly args: unknown;
}

/** worker -> primary -> runner */
export interface Answer {
  readonly bench: number;
  readonly answer?: unknown;
  readonly failed?: string;
}

/** worker -> primary: it has joined. */
export interface Arrived {
  readonly benchSeated: Seated;
}

/** Carries out one order, whatever becomes of it. */
export async function answer(bench: number, work: () => unknown): Promise<Answer> {
  try {
    return { bench, answer: await work() };
  } catch (error) {
    return { bench, failed: error instanceof Error ? error.message : String(error) };
  }
}
