// The items of a stream, and how many of them may wait.

import { SMALL } from './echo-cases.js';

export interface StreamCase {
  readonly name: string;
  readonly title: string;
  readonly item: unknown;
  /** The default of the library, unless said. */
  readonly maxQueued?: number;
}

export const STREAM_CASES: readonly StreamCase[] = [
  { name: '100B-object', title: '100 B object', item: SMALL },
  { name: '100B-object-1000', title: '100 B object, `maxQueued: 1000`', item: SMALL, maxQueued: 1000 },
  { name: '100B-buffer', title: '100 B Buffer', item: Buffer.alloc(100, 'b') },
  { name: '10kB-buffer', title: '10 kB Buffer', item: Buffer.alloc(10_000, 'b') },
  { name: '1MB-buffer', title: '1 MB Buffer', item: Buffer.alloc(1_000_000, 'b') },
];

export const streamCase = (name: string): StreamCase => STREAM_CASES.find(what => what.name === name)!;
