// The election of one host without a driver: events and orders as words, so that a schedule reads as a table.

import type { ExecutionContext } from 'ava';
import { elect, newElection, wakeAt } from '../../../lib/fleet/election.js';
import type {
  Election,
  ElectionEvent,
  ElectionOptions,
  ElectionOrder,
  Observed,
} from '../../../lib/fleet/election-state.js';
import { type FleetRecord, isReadable, type UnreadableRecord } from '../../../lib/fleet/record.js';

const LEASE_MS = 3000;
const ACT_MS = 2000;
const RENEW_MS = 400;

/** The host of the tests is `me`, in term 5 of its host. */
const ME: ElectionOptions = {
  host: 'me',
  hostName: 'Me',
  hostTerm: 5,
  nonce: 'me5',
  member: 1,
  leaseMs: LEASE_MS,
  actMs: ACT_MS,
  renewMs: RENEW_MS,
};

export interface UnitElectionOptions {
  /** In ms since 1970. At 0 the terms are 1, 2, 3 and so on. */
  readonly wall?: number;
  /** Of the claims, and of reads that are repeated. */
  readonly random?: number;
  readonly leads?: number;
  readonly hasHostLease?: boolean;
}

export class UnitElection {
  state: Election = newElection(ME, 0);
  now = 0;
  readonly #options: { -readonly [K in keyof Required<UnitElectionOptions>]: UnitElectionOptions[K] & {} };

  constructor(options: UnitElectionOptions = {}) {
    this.#options = { wall: 0, random: 0, leads: 0, hasHostLease: true, ...options };
  }

  apply(event: ElectionEvent): readonly ElectionOrder[] {
    const { state, orders } = elect(this.state, event, { ...this.#options, now: this.now });
    this.state = state;
    return orders;
  }

  /** The process has the lease of its host, or has it no longer. */
  set hasHostLease(hasHostLease: boolean) {
    this.#options.hasHostLease = hasHostLease;
  }

  /** The wall clock. */
  set wall(wall: number) {
    this.#options.wall = wall;
  }

  get wall(): number {
    return this.#options.wall;
  }

  /** An event in words: see {@link readEvent}. `wait 100` lets time pass, with a tick whenever one is due; `freeze 100` without. */
  do(words: string): readonly ElectionOrder[] {
    if (words.startsWith('freeze ')) {
      this.now += Number(words.slice(7));
      return [];
    }
    return words.startsWith('wait ') ? this.#wait(Number(words.slice(5))) : this.apply(readEvent(words));
  }

  #wait(ms: number): readonly ElectionOrder[] {
    const end = this.now + ms;
    const orders: ElectionOrder[] = [];
    for (let ticks = 0; ; ticks++) {
      const at = wakeAt(this.state);
      if (at === undefined || at > end) break;
      // Else nothing would follow from a tick, and it would be due again at once.
      if (ticks > 1000) throw new Error(`a tick is due at ${at}, again and again`);
      this.now = Math.max(this.now, at);
      orders.push(...this.apply({ type: 'tick' }));
    }
    this.now = end;
    return orders;
  }
}

export type Schedule = readonly [title: string, schedule: string, options?: UnitElectionOptions];

export const START = `
  join                     |
  up                       | read
`;

/** It leads in term 1, since time 0, by revision 1. */
export const LEADS = `${START.trimEnd()}
  read 0 nothing           | write 0: me5 held 1 opening
  written 1                | announce 1, lead 1 from 0
  beat 1                   |
  ready 1                  | write 1: me5 held 1
  written 2                | announce 2, acknowledge 1
`;

/** A schedule: in each line an event, and the orders that follow. */
export function follows(t: ExecutionContext, election: UnitElection, schedule: string): void {
  for (const line of schedule.trim().split('\n')) {
    const [event = '', orders = ''] = line.split('|').map(cell => cell.trim());
    const given = election.do(event).map(orderWords).join(', ');
    if (orders !== '...') t.is(given, orders, `orders after: ${event} (at ${election.now})`);
  }
}

// --------------------------------------------------------------------------------------------------------- events

/** Numbers after a word are its value, in the order of the type. */
function readEvent(words: string): ElectionEvent {
  const [type = '', first = '', ...rest] = words.split(' ');
  switch (type) {
    case 'join':
      return { type, eligible: first !== 'ineligible', priority: first === 'priority' ? Number(rest[0]) : 0 };
    case 'beat':
      return { type, n: Number(first) };
    case 'ready':
      return { type, term: Number(first), methods: ['get'] };
    case 'yield':
      return { type, term: Number(first) };
    case 'resign':
      return { type, term: Number(first), cause: (rest[0] ?? 'resigned') as 'resigned' };
    case 'transfer':
      return { type, to: first };
    case 'up':
      return { type, announces: first !== 'polling' };
    case 'read':
    case 'announced':
      return { type, ...readObserved(Number(first), rest) };
    case 'written':
      return { type, revision: Number(first) };
    default:
      return { type } as ElectionEvent;
  }
}

/** `nothing`, `other version 7 lease 500`, `damaged`, or a host, its state, its term and what else is to be said. */
function readObserved(revision: number, words: readonly string[]): Observed {
  const [host = '', state, term, ...more] = words;
  if (host === 'nothing') return { revision, record: undefined };
  const of = (name: string) => (words.includes(name) ? words[words.indexOf(name) + 1] : undefined);
  const leaseMs = Number(of('lease') ?? LEASE_MS);
  if (host === 'damaged') return { revision, record: { v: undefined, term: undefined, leaseMs: undefined } };
  if (host === 'other') return { revision, record: { v: 2, term: Number(term), leaseMs } };
  const [, name = '', hostTerm = '5'] = /^([a-z]+)(\d+)?$/.exec(host)!;
  const record: FleetRecord = {
    v: 1,
    term: Number(term),
    host: name,
    hostName: name.replace(/^./, first => first.toUpperCase()),
    hostTerm: Number(hostTerm),
    nonce: `${name}${hostTerm}`,
    member: 2,
    state: state as 'held',
    phase: more.includes('opening') ? 'opening' : 'ready',
    methods: [],
    leaseMs,
    failures: Number(of('failures') ?? 0),
    heldMs: 0,
    ...(words.includes('pause') && { pauseMs: Number(of('pause')) }),
    ...(words.includes('next') && { next: of('next') === 'anybody' ? '' : of('next')! }),
    ...(words.includes('transfer') && { transfer: of('transfer')!.replace('anybody', '') }),
    ...(more.includes('done') && { done: true }),
  };
  return { revision, record };
}

// --------------------------------------------------------------------------------------------------------- orders

function orderWords(order: ElectionOrder): string {
  switch (order.do) {
    case 'write':
      return `write ${order.expected}: ${recordWords(order.record)}`;
    case 'announce':
      return `announce ${order.revision}`;
    case 'lead':
      return `lead ${order.term} from ${order.leasedAt}`;
    case 'step down':
      return `step down ${order.term} ${order.cause}`;
    case 'hand over':
      return `hand over ${order.term}`;
    case 'acknowledge':
      return `acknowledge ${order.beats.join(' ')}`;
    case 'warn':
      return `warn ${order.about}`;
    case 'read':
      return 'read';
  }
}

function recordWords(record: FleetRecord | UnreadableRecord): string {
  if (!isReadable(record)) return 'unreadable';
  const { nonce, state, term, phase, next, transfer, done, failures, pauseMs } = record;
  const more = [
    phase === 'opening' && 'opening',
    next !== undefined && `next ${next || 'anybody'}`,
    transfer !== undefined && `transfer ${transfer || 'anybody'}`,
    failures > 0 && `failures ${failures}`,
    pauseMs !== undefined && `pause ${pauseMs}`,
    done && 'done',
  ];
  return [nonce, state, term, ...more.filter(Boolean)].join(' ');
}
