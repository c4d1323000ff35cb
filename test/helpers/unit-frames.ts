// Bundles written by hand, and bundles as words.

import { OpenBundle, readFrames } from '../../lib/protocol/frames.js';
import { type Bundle, Kind } from '../../lib/protocol/messages.js';

export interface WrittenFrame {
  readonly kind: number;
  readonly id: number;
  /** What is said, or its JSON. */
  readonly value?: unknown;
}

export interface Envelope {
  readonly group?: string;
  readonly term: number;
  readonly number?: number;
  readonly to?: readonly number[] | '*';
  readonly from?: number;
}

/** A bundle of these frames. */
export function bundle({ group = 'g', term, number, to, from }: Envelope, ...frames: WrittenFrame[]): Bundle {
  const open = new OpenBundle(group, term, to, number);
  for (const { kind, id, value = 0 } of frames) open.add(kind, id, JSON.stringify(value));
  return { ...open.seal(), ...(from !== undefined && { f: from }) };
}

const NAMES = new Map(Object.entries(Kind).map(([name, kind]) => [kind as number, name]));

/** Each frame in words: `CALL 7 ["get",null,[]]` */
export function frameWords(bundles: Iterable<Bundle>): string[] {
  const words: string[] = [];
  for (const each of bundles) {
    readFrames(each, ({ kind, id, json }) => words.push(`${NAMES.get(kind) ?? kind} ${id} ${JSON.stringify(json)}`));
  }
  return words;
}
