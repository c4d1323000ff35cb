// A member's role without the member: events and orders as words, so that a schedule reads as a table.

import type { ExecutionContext } from 'ava';
import { type At, newRole, play, type RoleEvent, type RoleOrder, type RoleState } from '../../../lib/member/role.js';
import type { Payload } from '../../../lib/protocol/payload.js';

const ERROR: Payload = { text: '"why"', ext: false, parts: undefined };

/** Worker 1. */
export class UnitRole {
  state: RoleState = newRole(1);

  apply(event: RoleEvent): readonly RoleOrder[] {
    const step = play(this.state, event);
    this.state = step.state;
    return step.orders;
  }
}

/** A schedule: in each line one or more events, the orders that follow, and where the member then stands. */
export function plays(t: ExecutionContext, role: UnitRole, schedule: string): void {
  for (const line of schedule.trim().split('\n')) {
    const [event = '', orders = '', at] = line.split('|').map(cell => cell.trim());
    const given = event
      .split(', ')
      .flatMap(words => role.apply(readRoleEvent(words)))
      .map(roleOrderWords)
      .join(', ');
    if (orders !== '...') t.is(given, orders, `orders after: ${event}`);
    if (at !== undefined) t.is(atWords(role.state.now), at, `where it stands after: ${event}`);
  }
}

/** `update 1@5 opening`, `update 5 vacant`, `handover 5`, `open failed 5`, `leave` */
export function readRoleEvent(words: string): RoleEvent {
  if (words.startsWith('open failed ')) return { type: 'open failed', term: Number(words.slice(12)), error: ERROR };
  const [type = '', where = '', phase] = words.split(' ');
  if (type === 'waited') return { type: 'waited enough' };
  if (type !== 'update') return { type, term: Number(where), ...(type === 'broken' && { error: ERROR }) } as RoleEvent;
  const [leader, term = leader] = where.includes('@') ? where.split('@').map(Number) : [undefined, Number(where)];
  return { type, term: term!, phase: phase as 'ready', leader };
}

export function roleOrderWords(order: RoleOrder): string {
  const term = 'term' in order ? ` ${order.term}` : '';
  if (order.do === 'yield' && order.now) return `yield${term} now`;
  return `${order.do}${term}${order.do === 'resign' ? ` ${order.cause}` : ''}`;
}

export function atWords(now: At): string {
  if (!('term' in now)) return now.at;
  if (now.at === 'leading' && now.isLate) return `leading ${now.term}, late`;
  const more =
    now.at === 'opening' ? `${now.isSuccessor ? ' to succeed' : ''}${now.client === 'is open' ? ', open' : ''}` : '';
  return `${now.at} ${now.term}${more}${now.at === 'closing' && now.cause ? ` ${now.cause}` : ''}`;
}
