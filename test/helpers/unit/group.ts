// A group in the primary, without the primary: events and orders as words, so that a schedule reads as a table.

import type { ExecutionContext } from 'ava';
import type { Payload } from '../../../lib/protocol/payload.js';
import { appoint } from '../../../lib/router/appointment.js';
import {
  type GroupEvent,
  type GroupMember,
  type GroupOrder,
  type GroupState,
  newGroup,
  type Rules,
  type Stage,
} from '../../../lib/router/group-state.js';

export const ERROR: Payload = { text: '"no route"', ext: false, parts: undefined };

export class UnitGroup {
  state: GroupState = newGroup('g', 0);
  /** Wall time. At 0 the terms are 1, 2, 3 and so on. */
  now = 0;
  /** Workers that exist. */
  expected = 0;
  /** Who leads another group. */
  readonly busy = new Set<number>();

  constructor(
    private readonly hungLeader: Rules['hungLeader'] = 'depose',
    private readonly choose = (candidates: readonly GroupMember[]) => candidates[0]!.workerId,
  ) {}

  apply(event: GroupEvent): readonly GroupOrder[] {
    const { now, hungLeader, expected, busy, choose } = this;
    const leads = (workerId: number) => (busy.has(workerId) ? 1 : 0);
    const step = appoint(this.state, event, { now, hungLeader, expected, leads, choose });
    this.state = step.state;
    return step.orders;
  }

  /** An event in words: see {@link readEvent}; `wait 100` moves the clock on. */
  do(words: string): readonly GroupOrder[] {
    if (!words.startsWith('wait ')) return this.apply(readEvent(words));
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
  }
}

/** `join 1`, `join 2 overlap ineligible`, `join 3 aside` (which is ineligible, but leads as a last resort), `ready 1@5`, `resign 1@5 broken`, `silent 1`, `transfer 7`, `transfer 7 to 2` */
function readEvent(words: string): GroupEvent {
  const [type = '', who = '', ...rest] = words.split(' ');
  const [workerId = 0, term = 0] = who.split('@').map(Number);
  switch (type) {
    case 'join':
      return { type, member: memberFrom(workerId, rest) };
    case 'ready':
    case 'prepared':
      return { type, workerId, term, methods: rest.length > 0 ? rest : ['get'] };
    case 'yield':
      return { type, workerId, term, ...(rest[0] === 'now' && { now: true }) };
    case 'resign':
      return { type, workerId, term, cause: rest[0] as 'failed', ...(rest[0] === 'failed' && { error: ERROR }) };
    case 'transfer':
      return { type, id: workerId, ...(rest[1] && { to: Number(rest[1]) }) };
    case 'resume':
      return { type };
    default:
      return { type, workerId, term } as GroupEvent;
  }
}

function memberFrom(workerId: number, words: readonly string[]): Omit<GroupMember, 'hasFailed' | 'isSilent'> {
  return {
    workerId,
    pid: 1000 + workerId,
    joinedAt: workerId,
    eligible: !words.includes('ineligible') && !words.includes('aside'),
    ...(words.includes('aside') && { lastResort: true }),
    priority: 0,
    handover: words.includes('overlap') ? 'overlap' : 'exclusive',
  };
}

export function orderWords(order: GroupOrder): string {
  switch (order.do) {
    case 'tell':
    case 'hold open':
      return order.do;
    case 'handover':
    case 'prepare':
      return `${order.do} ${order.to}@${order.term}`;
    case 'kill':
      return `kill ${order.workerId}`;
    case 'pause':
      return `pause ${order.ms}`;
    case 'end':
      return `end ${order.leader}@${order.term}`;
    case 'transferred':
      return order.failed ? `transferred ${order.id} ${order.failed}` : `transferred ${order.id}`;
    case 'emit':
      if (order.event === 'vacant') return 'vacant';
      return `${order.event} ${order.workerId}@${order.term}${order.event === 'deposed' ? ` ${order.cause}` : ''}`;
  }
}

export function stageWords(at: Stage): string {
  switch (at.stage) {
    case 'vacant':
      return `vacant${at.isPaused ? ' paused' : ''}${at.hasFailed ? ' failed' : ''}`;
    case 'preparing':
      return `preparing ${at.leader}@${at.term} for ${at.isLost ? 'lost ' : ''}${at.successor}@${at.next}`;
    case 'handing-over':
      return `handing over ${at.leader}@${at.term}${at.prepared ? successorWords(at.prepared) : ''}`;
    case 'fenced':
      return `fenced ${at.leader}@${at.term} ${at.cause}`;
    default:
      return `${at.stage} ${at.leader}@${at.term}`;
  }
}

const successorWords = ({
  successor,
  next,
  methods,
}: NonNullable<Extract<Stage, { stage: 'handing-over' }>['prepared']>) =>
  ` to ${successor}@${next}${methods ? '' : ', opening'}`;
