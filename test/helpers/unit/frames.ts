// Bundles written by hand, and bundles as words.

import { isCall } from '../../../lib/protocol/classes.js';
import { BundleBuilder, type FrameView, readFrames } from '../../../lib/protocol/frames.js';
import { type Bundle, Kind, kindOf, MORE, type Packet } from '../../../lib/protocol/messages.js';
import { parsePacket } from '../../../lib/protocol/parse.js';

export interface WrittenFrame {
  readonly kind: number;
  readonly id: number;
  /** What is said; of a call `[method, deadline, args]`, of a publication `[deadline, key, args]`. */
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
  const open = new BundleBuilder(group, term, to, number);
  for (const frame of frames) put(open, frame);
  return { ...open.seal(), ...(from !== undefined && { f: from }) };
}

function put(open: BundleBuilder, { kind, id, value = 0 }: WrittenFrame): void {
  const plain = kindOf(kind);
  if (!isCall(plain) || !Array.isArray(value)) return open.add(kind, id, JSON.stringify(value));
  const [first, second, args] = value as [string, number | null, unknown] & [number | null, string | null, unknown];
  if (isMethodCall(plain)) {
    const about = { method: first, deadline: second ?? Number.POSITIVE_INFINITY };
    return open.add(kind, id, JSON.stringify(args), undefined, about);
  }
  const about = { method: 'said', deadline: (first as number | null) ?? Number.POSITIVE_INFINITY };
  open.add(kind | MORE, id, JSON.stringify([args, second]), undefined, about);
}

const isMethodCall = (kind: number) => kind === Kind.CALL || kind === Kind.ONEWAY;

const NAMES = new Map(Object.entries(Kind).map(([name, kind]) => [kind as number, name]));

/** Each frame in words: `CALL 7 ["get",null,[]]` */
export function frameWords(bundles: Iterable<Bundle>): string[] {
  const words: string[] = [];
  for (const each of bundles) {
    readFrames(each, frame => {
      words.push(`${NAMES.get(frame.kind) ?? frame.kind} ${frame.id} ${JSON.stringify(asWritten(frame))}`);
    });
  }
  return words;
}

/** As it is written. */
function asWritten({ kind, json, one, more, method, deadline }: FrameView): unknown {
  if (method === undefined) return json;
  const [said, key, ...rest] = more ? (json as unknown[]) : [json, null];
  const args = one ? [said] : said;
  return isMethodCall(kind) ? [method, deadline, args, ...rest] : [deadline, key, args, ...rest];
}

/** The bundles of a packet as its reader sees them. */
export function bundlesOf({ $csc, d = [] }: Packet): readonly Bundle[] {
  const read = parsePacket({ $csc, d }, error => {
    throw error;
  });
  return read!.d;
}
