// A group's leadership without a router and without a log: events and orders as words, so that a schedule reads as a table.

import type { ExecutionContext } from 'ava';
import type { GroupEvent, GroupOrder } from '../../../lib/group/events.js';
import { awaited, newGroup } from '../../../lib/group/queries.js';
import { reduce } from '../../../lib/group/reduce.js';
import type { GroupMember, GroupState, Stage, Successor } from '../../../lib/protocol/group-state.js';
import type { PortablePayload } from '../../../lib/protocol/payload.js';

export const ERROR: PortablePayload = { text: '"no route"', ext: false };

/** One of those that are awaited; `undefined`: nobody is chosen until a `claim` says so. */
export type Choice = (ids: readonly string[]) => string | undefined;

export class UnitGroup {
  state: GroupState = newGroup(0);
  /** Wall time. At 0 the terms are 1, 2, 3 and so on. */
  now = 0;

  constructor(
    readonly kills = false,
    private readonly choose: Choice = ids => ids[0],
  ) {}

  apply(event: GroupEvent): readonly GroupOrder[] {
    const orders: GroupOrder[] = [];
    for (let next: GroupEvent | undefined = event; next; next = this.#claim()) {
      const step = reduce(this.state, next, this.now);
      this.state = step.state;
      orders.push(...step.orders);
    }
    return orders;
  }

  #claim(): GroupEvent | undefined {
    const ids = awaited(this.state);
    const id = ids.length > 0 ? this.choose(ids) : undefined;
    return id === undefined ? undefined : { type: 'claim', id };
  }

  /** An event in words: see {@link readEvent}; `wait 100` moves the clock on. */
  do(words: string): readonly GroupOrder[] {
    if (!words.startsWith('wait ')) return this.apply(readEvent(words, this.kills));
    this.now += Number(words.slice(5));
    return [];
  }
}

/** A schedule: in each line an event, the orders that follow, and where the group then stands. */
export function follows(t: ExecutionContext, group: UnitGroup, schedule: string): void {
  for (const line of schedule.trim().split('\n')) {
    const [event = '', orders = '', stage] = line.split('|').map(cell => cell.trim());
    const given = group.do(event).map(orderWords).join(', ');
    if (orders !== '...') t.is(given, orders, `orders after: ${event}`);
    if (stage !== undefined) t.is(stageWords(group.state.at), stage, `where it stands after: ${event}`);
    // It travels as JSON, and must not differ then.
    t.deepEqual(JSON.parse(JSON.stringify(group.state)), group.state, `as JSON after: ${event}`);
  }
}

/** `join 1`, `join 2 overlap ineligible`, `join 3 aside` (which is ineligible, but leads as a last resort), `ready 1@5`, `resign 1@5 broken`, `silent 1`, `transfer 7`, `transfer 7 to 2` */
function readEvent(words: string, kills: boolean): GroupEvent {
  const [type = '', who = '', ...rest] = words.split(' ');
  const [id = '', given] = who.split('@');
  const term = Number(given);
  switch (type) {
    case 'join':
      return { type, id, member: memberFrom(id, rest) };
    case 'leave':
      return { type, id };
    case 'ready':
    case 'prepared':
      return { type, id, term, methods: rest.length > 0 ? rest : ['get'] };
    case 'yield':
      return { type, id, term, ...(rest[0] === 'now' && { now: true }) };
    case 'resign':
      return { type, id, term, cause: rest[0] as 'failed', ...(rest[0] === 'failed' && { error: ERROR }) };
    case 'transfer':
      return { type, request: id, ...(rest[1] && { to: rest[1] }) };
    case 'silent':
      return { type, id, kills };
    case 'resume':
      return { type };
    default:
      return { type, id } as GroupEvent;
  }
}

function memberFrom(id: string, words: readonly string[]): GroupMember {
  return {
    joinedAt: Number(id) || 0,
    eligible: !words.includes('ineligible') && !words.includes('aside'),
    ...(words.includes('aside') && { lastResort: true }),
    priority: 0,
    handover: words.includes('overlap') ? 'overlap' : 'exclusive',
  };
}

export function orderWords(order: GroupOrder): string {
  switch (order.do) {
    case 'handover':
    case 'prepare':
    case 'end':
      return `${order.do} ${order.id}@${order.term}`;
    case 'kill':
      return `kill ${order.id}`;
    case 'pause':
      return `pause ${order.ms}`;
    case 'transferred':
      return order.failed ? `transferred ${order.request} ${order.failed}` : `transferred ${order.request}`;
    case 'emit':
      if (order.event === 'vacant') return 'vacant';
      return `${order.event} ${order.id}@${order.term}${order.event === 'deposed' ? ` ${order.cause}` : ''}`;
  }
}

export function stageWords(at: Stage): string {
  switch (at.stage) {
    case 'vacant':
      return at.pause ? `vacant paused ${at.pause.after}` : 'vacant';
    case 'preparing':
      return `preparing ${leadWords(at)}${at.successor ? ` for ${idWords(at.successor)}` : ''}`;
    case 'handing-over':
      return `handing over ${leadWords(at)}${at.successor ? ` to ${successorWords(at.successor)}` : ''}`;
    case 'fenced':
      return `fenced ${leadWords(at)} ${at.cause}${at.successor ? ` for ${successorWords(at.successor)}` : ''}`;
    default:
      return `${at.stage} ${leadWords(at)}`;
  }
}

const leadWords = ({ leader, term }: { readonly leader: string; readonly term: number }) => `${leader}@${term}`;

const idWords = ({ id, term, isLost }: Successor) => `${isLost ? 'lost ' : ''}${id}@${term}`;
const successorWords = (successor: Successor) => `${idWords(successor)}${successor.methods ? '' : ', opening'}`;
