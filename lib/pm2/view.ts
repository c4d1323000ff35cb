// What one worker knows about the log: nothing yet, or the state that all workers agree on. A pure function of the view and
// the next entry. Also defines how a new worker gets the state, and when a worker may begin an empty one.
//
//             own `ask` read              `state` that answers it, or own `bootstrap` counts
//   deaf ─────────────────────► asking ──────────────────────────────────────────────────────► knowing
//     ▲  the connection broke, in any state  ▲                                                    │
//     └──────────────────────────            └────────────── another worker's `bootstrap` counts ─┘

import type { Ask, State } from '../protocol/bus-frames.js';
import type { LogState } from '../protocol/log-state.js';
import type { BusPacket } from '../protocol/messages.js';
import { own } from '../utils/own.js';
import { EMPTY_LOG, type LogEntry, readLog, type Settled } from './read-log.js';

/** An answer is sent to one process only, so it is not part of the log. */
export type Seen = LogEntry | { readonly type: 'answer'; readonly answer: State };

export interface View {
  /** The incarnation whose view this is. */
  readonly me: string;
  /** The state, once it is known. */
  readonly log?: LogState;
  /** The number of this worker's last question that was read. Entries after it are kept. */
  readonly asked?: number;
  readonly kept: readonly LogEntry[];
  /** The processes that have reported, since this worker first asked, that they have no state. */
  readonly without: readonly string[];
  /**
   * Workers that have asked since the last packet of a worker with a state, with the number of their last question. A
   * `bootstrap` of these would count.
   */
  readonly quiet: Readonly<Record<string, number>>;
}

export type ViewOrder =
  /** Send the current state to the worker that asked. */
  | { readonly do: 'answer'; readonly process: string; readonly answer: State }
  /** Report that this worker has no state. */
  | { readonly do: 'answer none' }
  /** Ask (again) immediately, because another worker has begun a state. */
  | { readonly do: 'ask' }
  /** A worker that has a state has sent a packet. */
  | { readonly do: 'note sign of life' }
  /** The state is known from now on. */
  | { readonly do: 'begin' }
  /** The state is no longer known. */
  | { readonly do: 'lose' }
  /** A packet of this worker was read back; the state includes it. */
  | { readonly do: 'note own'; readonly packet: BusPacket; readonly at: number }
  /** The result of a requested transfer is known. */
  | ({ readonly do: 'settle' } & Settled);

export interface ViewStep {
  readonly view: View;
  readonly orders: readonly ViewOrder[];
}

export const newView = (me: string): View => ({ me, kept: [], without: [], quiet: {} });

/** The connection broke. Packets are missed until the next question is read. */
export const loseConnection = ({ me }: View): View => newView(me);

/** The only entry point: the view after an entry or an answer. */
export function reduceView(view: View, seen: Seen): ViewStep {
  if (seen.type === 'answer') return answered(view, seen.answer);
  const orders: ViewOrder[] = [];
  let next = keepOrRead(view, seen, orders);
  if (seen.type === 'exit') return { view: next, orders };
  const { packet } = seen;
  if (packet.i === view.me) orders.push({ do: 'note own', packet, at: seen.at });
  if (packet.y === 1) next = noteSign(next, orders);
  for (const frame of packet.c ?? []) {
    if (frame.k === 'ask') next = ask(next, packet.i, frame, orders);
    else if (frame.k === 'none') next = noteWithout(next, frame.process);
    else if (frame.k === 'bootstrap') next = bootstrap(next, packet.i, frame.n, orders);
  }
  return { view: next, orders };
}

/** Counts each process once. */
function noteWithout(view: View, process: string): View {
  return view.without.includes(process) ? view : { ...view, without: [...view.without, process] };
}

/** Entries before this worker's first question are dropped, because earlier ones may have been missed. */
function keepOrRead(view: View, entry: LogEntry, orders: ViewOrder[]): View {
  if (view.log) {
    const { log, settled } = readLog(view.log, entry);
    orders.push(...settled.map(each => ({ do: 'settle', ...each }) as const));
    return { ...view, log };
  }
  return view.asked === undefined ? view : { ...view, kept: [...view.kept, entry] };
}

function noteSign(view: View, orders: ViewOrder[]): View {
  orders.push({ do: 'note sign of life' });
  return { ...view, quiet: {}, without: [] };
}

function ask(view: View, from: string, { n, process }: Ask, orders: ViewOrder[]): View {
  const quiet = { ...view.quiet, [from]: n };
  if (from === view.me) return view.log ? view : { ...view, quiet, asked: n, kept: [] };
  if (view.log) {
    const answer: State = { k: 'state', to: from, n, log: view.log, quiet };
    if (isMyTurn(view.log, view.me, from, n)) orders.push({ do: 'answer', process, answer });
    return { ...view, quiet };
  }
  if (view.asked === undefined) return view;
  orders.push({ do: 'answer none' });
  return { ...view, quiet, without: [...view.without, process] };
}

/**
 * One worker answers each question. If it is blocked, the next question is answered by another one. If no worker has
 * entered, the founder answers.
 */
function isMyTurn({ peers }: LogState, me: string, asker: string, n: number): boolean {
  const ids = Object.keys(peers)
    .filter(id => id !== asker)
    .sort();
  return ids.length === 0 || ids[n % ids.length] === me;
}

/**
 * A `bootstrap` counts if no worker with a state, and no other founder, has sent a packet since the founder asked. All
 * workers that have a state come to the same result. A worker without one can judge only its own `bootstrap`, and asks
 * after that of another.
 */
function bootstrap(view: View, founder: string, n: number, orders: ViewOrder[]): View {
  const { me, log, quiet } = view;
  const counts = own(quiet, founder) === n;
  const next = noteSign(view, orders);
  if (founder === me) {
    if (!counts || log) return next;
    orders.push({ do: 'begin' });
    return { ...newView(me), log: { ...EMPTY_LOG, life: me } };
  }
  if (log && !counts) return next;
  if (log) orders.push({ do: 'lose' });
  orders.push({ do: 'ask' });
  return log ? newView(me) : next;
}

/** Applies the entries since the question to the state in the answer. */
function answered(view: View, { to, n, log, quiet }: State): ViewStep {
  const { me } = view;
  if (view.log || to !== me) return { view, orders: [] };
  if (n !== view.asked) return { view, orders: [{ do: 'note sign of life' }] };
  const next = view.kept.reduce<View>((known, entry) => reduceView(known, entry).view, { ...newView(me), log, quiet });
  // Another worker has begun a new state in the meantime.
  if (!next.log) return { view: next, orders: [{ do: 'ask' }] };
  return { view: next, orders: [{ do: 'begin' }] };
}
