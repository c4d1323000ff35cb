// The only parser of messages. Foreign messages are ignored; invalid messages of our own become coded errors.

import type { SharedClientError } from '../errors/shared-client-error.js';
import { brokenFrame } from '../errors/value-errors.js';
import { isRecord } from '../utils/is-record.js';
import { beginMessage, MOST_DATA, spendData } from './budget.js';
import { ABOUT, type Bundle } from './bundle.js';
import { bytesOf } from './frames.js';
import { headOfBytes } from './head.js';
import { isIncarnation, isSoundLog } from './log-sense.js';
import { type BusPacket, type ControlFrame, type Envelope, MARKER, type ReadPacket, type Slice } from './messages.js';
import { areTravellingParts } from './pack-parts.js';
import {
  anything,
  count,
  duration,
  type Fields,
  flag,
  group,
  isCount,
  listOf,
  number,
  oneOf,
  optional,
  pauses,
  payload,
  shortText,
  type Test,
  text,
} from './shapes.js';
import type { SliceReader } from './slices.js';

/** Reports an invalid frame of our own. Other frames of the same message are still processed. */
export type OnBroken = (error: SharedClientError) => void;

/** Properties of the channel that the message came from. */
export interface ReadOptions {
  /** The slices received so far. */
  readonly slices?: SliceReader | undefined;
  /** Whether the packet was sent to this process. If not, the rest of it is not read. */
  isMeant?(envelope: Envelope): boolean;
}

/**
 * Parses a message of a channel.
 *
 * @returns `undefined` if the message is foreign or not meant for this process; otherwise a packet in which every frame has
 * the shape of its type
 */
export function parsePacket(
  message: unknown,
  onBroken: OnBroken,
  { slices, isMeant }: ReadOptions = {},
): ReadPacket | undefined {
  if (typeof message !== 'object' || message === null || !Object.hasOwn(message, MARKER)) return undefined;
  const { [MARKER]: version, link, up, down, c, d, s } = message as Record<string, unknown>;
  if (!isCount(version)) return void onBroken(brokenFrame(MARKER, 'a protocol version'));
  if (!isEnvelope(link, up, down)) return void onBroken(brokenFrame('packet.link', 'a whole number, with up or down'));
  const envelope = { link, up, down } as Envelope;
  if (isMeant && !isMeant(envelope)) return undefined;
  const isSliced = s !== undefined;
  beginMessage(isSliced);
  return {
    [MARKER]: version,
    ...envelope,
    c: keep<ControlFrame>('c', c, checkControl, onBroken),
    d: isSliced
      ? keep<Bundle>('d', wholeOf(s, slices, onBroken), checkBundle, onBroken)
      : keep<Bundle>('d', d, checkUnsliced, onBroken, withHead),
  };
}

/** The bundle that this slice completes, in a list. */
function wholeOf(slice: unknown, slices: SliceReader | undefined, onBroken: OnBroken): unknown {
  if (!slices || !isSlice(slice)) return void onBroken(brokenFrame('s', 'a slice of a bundle'));
  try {
    const bundle = slices.add(slice);
    return bundle === undefined ? undefined : [bundle];
  } catch (error) {
    return void onBroken(error as SharedClientError);
  }
}

/** Parses a message from PM2's bus, whose envelope contains the sender. See {@link parsePacket}. */
export function parseBusPacket(message: unknown, onBroken: OnBroken): BusPacket | undefined {
  const packet = parsePacket(message, onBroken);
  if (!packet) return undefined;
  const { i, n, y } = message as Record<string, unknown>;
  if (packet.c.length <= MOST_BUS_FRAMES && isIncarnation(i) && isCount(n) && flagOf(y))
    return { ...packet, i, n, y: y as 0 | 1 };
  onBroken(
    brokenFrame(
      'packet.i',
      `the name of its sender, with n and y its number and state, and c at most ${MOST_BUS_FRAMES} frames`,
    ),
  );
  return undefined;
}

/** Maximum number of frames per packet: far more than a tick produces, far fewer than would block the reader. */
const MOST_FRAMES = 1_000_000;

/** Each frame creates a new state, whose size is that of all groups. */
const MOST_BUS_FRAMES = 20_000;

/** Repeated objects are not checked in lists up to this length. */
const FEW_FRAMES = 8;

/** Maximum number of reported invalid frames per list. */
const MOST_REPORTS = 10;

type Check = (frame: Record<string, unknown>) => string | undefined;

type Read = (frame: Record<string, unknown>) => Record<string, unknown>;

const asItIs: Read = frame => frame;

/** @param read converts a frame before it is checked */
function keep<T>(field: string, list: unknown, check: Check, onBroken: OnBroken, read = asItIs): readonly T[] {
  if (list === undefined) return [];
  if (!Array.isArray(list) || list.length > MOST_FRAMES) {
    onBroken(brokenFrame(field, 'a list of frames'));
    return [];
  }
  const good: T[] = [];
  let bad = 0;
  // Only for bundles. Control frames are cheap to check even if objects repeat.
  const seen = check === checkUnsliced && list.length > FEW_FRAMES ? new Set<unknown>() : undefined;
  for (const item of list) {
    if (seen && seen.size === seen.add(item).size) return tooOften(field, good, onBroken);
    const frame = isRecord(item) ? read(item) : undefined;
    const broken = frame ? check(frame) : `${field} a list of objects`;
    if (broken === undefined) good.push(frame as T);
    // The list may be long, and the first errors are enough to find the cause.
    else if (++bad <= MOST_REPORTS) onBroken(toError(broken));
  }
  return good;
}

function tooOften<T>(field: string, good: T[], onBroken: OnBroken): T[] {
  onBroken(brokenFrame(field, 'a list in which each frame is once'));
  return good;
}

function toError(broken: string): SharedClientError {
  const end = broken.indexOf(' ');
  return brokenFrame(broken.slice(0, end), broken.slice(end + 1));
}

/** Has `up`, `down`, or, over PM2's bus, neither. */
function isEnvelope(link: unknown, up: unknown, down: unknown): boolean {
  if (link !== undefined && !isCount(link)) return false;
  if (up === undefined) return down === undefined ? link === undefined : isCount(down);
  return down === undefined && isCount(up);
}

const isSlice = (value: unknown): value is Slice =>
  isRecord(value) && (typeof value.piece === 'string' || value.piece instanceof Uint8Array);
const peer: Test = [value => isRecord(value) && isCount(value.workerId) && isCount(value.pid), 'a worker id and a pid'];
/** If the length is odd, the last worker id has no number and is ignored. */
const read = optional(listOf(count, 200_000));
const route = oneOf('relay', 'direct');
const anyRoute = oneOf('relay', 'direct', 'direct-only');

const flagOf = (value: unknown) => value === 0 || value === 1;

/** A list, because it is iterated for every frame. */
type FieldList = readonly (readonly [field: string, ...test: Test])[];

const toList = (fields: Fields): FieldList => Object.entries(fields).map(([field, test]) => [field, ...test]);

const CONTROL: ReadonlyMap<unknown, FieldList> = new Map(
  Object.entries<Fields>({
    hello: {
      versions: listOf(count, 100),
      id: text,
      workerId: count,
      pid: count,
      probe: anything,
      closing: optional(flag),
    },
    welcome: {
      version: count,
      id: text,
      workerId: count,
      heartbeatMs: duration,
      leaderTimeoutMs: duration,
      route: anyRoute,
      maxQueuedBytes: optional(duration),
      maxQueuedTotalBytes: optional(duration),
      life: optional(shortText),
    },
    rejected: { id: text, versions: listOf(count, 100) },
    goodbye: {},
    join: {
      group,
      eligible: flag,
      lastResort: optional(flag),
      priority: number,
      handover: oneOf('exclusive', 'overlap'),
      backoff: optional(pauses),
      digest: text,
    },
    leave: { group, term: optional(count), read },
    heartbeat: { n: count },
    ack: { n: count },
    ready: { group, term: count, methods: listOf(text, 10_000) },
    prepared: { group, term: count, methods: listOf(text, 10_000) },
    yield: { group, term: count, now: optional(flag) },
    resign: { group, term: count, cause: oneOf('resigned', 'failed', 'broken'), error: optional(payload), read },
    update: {
      group,
      term: count,
      phase: oneOf('vacant', 'opening', 'ready', 'failed'),
      leader: optional(peer),
      methods: optional(listOf(text, 10_000)),
      error: optional(payload),
      // Only reported, never interpreted: an unknown cause of a later release is valid.
      cause: optional(text),
      leasedAt: optional(number),
      appointedAt: optional(number),
      lost: optional(listOf(count, 100)),
    },
    handover: { group, term: count },
    prepare: { group, term: count },
    address: { address: shortText, gone: optional(flag) },
    offer: { group, term: count, address: shortText, secret: shortText, problem: optional(text) },
    route: { group, term: count, route, problem: optional(text) },
    warning: { group, text },
    transfer: { group, id: count, to: optional(count) },
    transferred: { group, id: count, failed: optional(oneOf('vacant', 'no candidate', 'failed', 'no group', 'lost')) },
    ask: { n: count, process: text },
    none: { process: text },
    bootstrap: { n: count },
    enter: { process: text, workerId: count, pid: count, heartbeatMs: duration, leaderTimeoutMs: duration },
    part: {},
    differs: { group, option: oneOf('args') },
    claim: { group, after: count, seen: optional(count) },
    state: {
      to: text,
      n: count,
      log: [isSoundLog, 'a state in which each name leads somewhere'],
      quiet: [value => isRecord(value) && Object.values(value).every(isCount), 'a table of numbers'],
    },
  } satisfies Record<ControlFrame['k'], Fields>).map(([kind, fields]) => [kind, toList(fields)]),
);

function checkControl(frame: Record<string, unknown>): string | undefined {
  const fields = CONTROL.get(frame.k);
  if (!fields) return 'k the name of a control frame';
  for (const [field, test, expected] of fields) {
    if (!test(frame[field])) return `${String(frame.k)}.${field} ${expected}`;
  }
  return undefined;
}

const workerIds = listOf(count, 100_000)[0];

/** Alternating methods and deadlines. An infinite deadline may have become `null`. */
export function areAbouts(m: unknown): boolean {
  if (!Array.isArray(m) || m.length % 2 !== 0 || m.length > MOST_FRAMES) return false;
  for (let i = 0; i < m.length; i += 2) {
    if (typeof m[i] !== 'string' || !(m[i + 1] === null || m[i + 1] >= 0)) return false;
  }
  return true;
}

const BUNDLE = toList({
  g: group,
  t: count,
  n: optional(count),
  f: optional(count),
  to: optional([value => value === '*' || workerIds(value), "worker ids or '*'"]),
  but: optional([workerIds, 'worker ids']),
  x: text,
  m: optional([areAbouts, 'names and deadlines in turn']),
});

const withHead: Read = bundle =>
  bundle.h instanceof Uint8Array && spendData(bundle.h.length) ? { ...bundle, h: headOfBytes(bundle.h) } : bundle;

const MEASURED = ['h', 'x', 'm', 'p', 'q', 'to', 'but'];

const inAll = `such that the message has at most ${MOST_DATA} characters and bytes`;

/** The cost of reading the value. */
const lengthOf = (value: unknown): number =>
  typeof value === 'string' || Array.isArray(value) || value instanceof Uint8Array ? value.length : 0;

function checkUnsliced(bundle: Record<string, unknown>): string | undefined {
  return bundle.y === undefined ? checkBundle(bundle) : 'bundle.y absent outside of slices';
}

function checkBundle(bundle: Record<string, unknown>): string | undefined {
  for (const field of MEASURED) if (!spendData(lengthOf(bundle[field]))) return `bundle.${field} ${inAll}`;
  for (const [field, test, expected] of BUNDLE) {
    if (!test(bundle[field])) return `bundle.${field} ${expected}`;
  }
  const broken = checkHead(bundle as unknown as Bundle);
  if (broken !== undefined) return broken;
  return spendData(bytesOf(bundle as unknown as Bundle)) ? undefined : `bundle.p ${inAll}`;
}

/** The head must account for each character and each part, so that a bundle can be cut without reading its contents. */
function checkHead({ h, x, m, p, q, y }: Bundle): string | undefined {
  const length = y ?? x.length;
  // The first check rejects a sparse array of a billion entries, which is tiny when serialized, before the loop.
  if (!Array.isArray(h) || h.length % 4 !== 0 || h.length === 0 || h.length > 4 * length)
    return 'bundle.h four numbers a frame';
  const callHeaders = m ? m.length / 2 : 0;
  let characters = 1;
  let parts = 0;
  for (let i = 0; i < h.length; i += 4) {
    if (!isCount(h[i]) || !isCount(h[i + 1]) || !isCount(h[i + 2]) || !isCount(h[i + 3]))
      return 'bundle.h whole numbers';
    if (h[i]! >= ABOUT * (callHeaders + 1)) return 'bundle.m what its head is about';
    characters += h[i + 2]! + 1;
    parts += h[i + 3]!;
  }
  if (!areTravellingParts(p, q, y)) return 'bundle.p strings and bytes, and bundle.q as long as it says';
  // In UTF-8 each character takes at least one byte.
  if (y === undefined ? characters !== length : characters > length) return 'bundle.x as long as its head says';
  return parts === (p?.length ?? 0) ? undefined : 'bundle.p as many as its head says';
}
