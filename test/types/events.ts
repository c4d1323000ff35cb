// The events of a handle and of the primary, their contexts and their statuses.

import type { SharedClient } from '../../lib/client/types.js';
import type { CallContext, PrimaryOptions } from '../../lib/options/options.js';
import type { Primary } from '../../lib/router/primary-types.js';
import type { Equal, Expect } from './equal.js';
import type { Registry } from './registry.js';

export function ofHandle(client: SharedClient<Registry>) {
  client
    .on('leader', ({ term }) => term.toFixed())
    .once('follower', event => event.term.toFixed())
    .on('resync', ({ key, topic, fromTerm, toTerm, reason }) => {
      const typed: Expect<Equal<typeof reason, 'failover' | 'overload' | 'reconnected'>> = true;
      return [key.length, topic, toTerm - fromTerm, typed];
    })
    .on('error', error => error.message)
    .on('warning', ({ message }) => message.length)
    .off('close', () => {});
  // A handle is still one after on().
  const same: Promise<number> = client.on('close', () => {}).get('a');
  // @ts-expect-error no such event
  client.on('end', () => {});
  // @ts-expect-error close says nothing
  client.on('close', (reason: string) => reason);
  return same;
}

export async function ofPrimary(primary: Primary) {
  primary
    .on('join', ({ name, workerId, pid }) => [name, workerId + pid])
    .on('leave', ({ name }) => name)
    .on('appointed', ({ term }) => term)
    .once('ready', ({ term }) => term)
    .on('deposed', ({ cause }) => {
      if (cause === 'silent' || cause === 'resigned') return;
      // @ts-expect-error no such cause
      cause === 'bored';
    })
    .on('vacant', ({ name }) => name)
    .off('warning', ({ message, name, cause }) => [message, name, cause]);
  // @ts-expect-error no such event
  primary.on('leader', () => {});
  const { groups, messages, bytes } = primary.status();
  const members = groups.map(({ name, term, state, leader, members }) => [
    name,
    term,
    state,
    leader?.pid,
    members.length,
  ]);
  await primary.transfer('registry');
  await primary.transfer('registry', 2);
  await using closed = primary;
  return { messages, bytes, members, closed };
}

export const fences = ({ term, name, signal, deadline }: CallContext): [number, string, boolean, number] => [
  term,
  name,
  signal.aborted,
  deadline,
];

export const oldest: PrimaryOptions = {
  chooseLeader: (candidates, name) => {
    const [first] = candidates.toSorted((a, b) => a.joinedAt - b.joinedAt || a.leads - b.leads || name.length);
    return first ?? candidates[0]!;
  },
};
