// No library at all: what a cluster of Node costs by itself.

import type { Desk, Seat } from './contestant.js';

export async function primary(): Promise<Desk> {
  return { env: {} };
}

export async function join(): Promise<Seat> {
  return { leads: () => process.env.BENCH_SEAT === '1', echo: async value => value };
}
