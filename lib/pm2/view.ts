// What one worker knows of the log: nothing yet, or the state that all agree on. A pure function of its view and the
// next entry; how a new worker gets the state, and when somebody may begin an empty one.
//
//             own `ask` read              `state` that answers it, or own `found` counts
//   deaf ─────────────────────► asking ────────────────────────────────────────────────► knowing
//     ▲ the connection broke, from anywhere ▲                                               │
//     └─────────────────────────            └────────────── somebody else's `found` counts ─┘

import type { Ask, State } from '../protocol/bus-frames.js';
import type { LogState } from '../protocol/log-state.js';
import type { BusPacket } from '../protocol/messages.js';
import { own } from '../utils/own.js';
import { EMPTY_LOG, type LogEntry, readLog, type Settled } from './read-log.js';

/** An answer travels past the others, so that it is no part of the log. */
export type Seen = LogEntry | { readonly type: 'answer'; readonly answer: State };

export interface View {
  /** The incarnation that this is the view of. */
  readonly me: string;
  /** The state, once it is known. */
  readonly log?: LogState;
  /** The number of the last own question that was read; what came after it is kept. */
  readonly asked?: number;
  readonly kept: readonly LogEntry[];
  /** The processes that said, since this one first asked, that they have no state. */
  readonly without: readonly string[];
  /** Who has asked since somebody last spoke who has a state, and the number of its last question: its `found` would count. */
  readonly quiet: Readonly<Record<string, number>>;
}

export type ViewOrder =
  /** Send the state, as it is now, to who asked. */
  | { readonly do: 'answer'; readonly process: string; readonly answer: State }
  /** Say that there is none here. */
  | { readonly do: 'answer none' }
  /** Ask (again) right now: somebody has begun a state. */
  | { readonly do: 'ask' }
  /** Somebody spoke who has a state. */
  | { readonly do: 'note sign of life' }
  /** The state is known from now on. */
  | { readonly do: 'begin' }
  /** The state isn't known any more. */
  | { readonly do: 'lose' }
  /** A packet of our own came back; the state includes it. */
  | { readonly do: 'note own'; readonly packet: BusPacket; readonly at: number }
  /** It is known what became of a transfer that somebody asked for. */
  | ({ readonly do: 'settle' } & Settled);

export interface ViewStep {
  readonly view: View;
  readonly orders: readonly ViewOrder[];
}

export const newView = (me: string): View => ({ me, kept: [], without: [], quiet: {} });

/** The connection broke: what is said until the next question is missed. */
export const loseConnection = ({ me }: View): View => newView(me);

/** The one door: what a worker knows after what it has seen. */
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

/** Each process counts once, and says it in a message of its own. */
function noteWithout(view: View, process: string): View {
  return view.without.includes(process) ? view : { ...view, without: [...view.without, process] };
}

/** Until its first question was read, a worker has seen nothing that it could rely on. */
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

/** One answers each question; if that one is stuck, the next question is another's. Nobody has entered: the founder does. */
function isMyTurn({ peers }: LogState, me: string, asker: string, n: number): boolean {
  const ids = Object.keys(peers)
    .filter(id => id !== asker)
    .sort();
  return ids.length === 0 || ids[n % ids.length] === me;
}

/**
 * Whoever has a state, and has read the log since the founder asked, judges alike: it counts if nobody with a state, and
 * no other founder, has spoken since. Who has none judges only its own, and else asks.
 */
function bootstrap(view: View, founder: string, n: number, orders: ViewOrder[]): View {
  const { me, log, quiet } = view;
  const counts = own(quiet, founder) === n;
  const next = noteSign(view, orders);
  if (founder === me) {
    if (!counts || log) return next;
    orders.push({ do: 'begin' });
    return { ...newView(me), log: EMPTY_LOG };
  }
  if (log && !counts) return next;
  if (log) orders.push({ do: 'lose' });
  orders.push({ do: 'ask' });
  return log ? newView(me) : next;
}

/** What came since the question is read as if the state had been known by then. */
function answered(view: View, { to, n, log, quiet }: State): ViewStep {
  const { me } = view;
  if (view.log || to !== me) return { view, orders: [] };
  if (n !== view.asked) return { view, orders: [{ do: 'note sign of life' }] };
  const next = view.kept.reduce<View>((known, entry) => reduceView(known, entry).view, { ...newView(me), log, quiet });
  // Somebody has begun another one meanwhile.
  if (!next.log) return { view: next, orders: [{ do: 'ask' }] };
  return { view: next, orders: [{ do: 'begin' }] };
}
