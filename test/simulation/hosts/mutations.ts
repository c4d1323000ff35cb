// Faults of shared clients across hosts.

import type { Mutation } from '../mutation.js';

export const HOSTS: readonly Mutation[] = [
  {
    name: 'deadlines are not translated between machines',
    file: 'route/direct/clocks.js',
    find: 'if (!m || ahead === undefined)',
    replace: 'if (true)',
    seed: 4,
    calls: true,
  },
  {
    name: 'a member that was given up is not told so',
    file: 'route/direct/direct-leader.js',
    find: 'return hello.hasNoRelay ? refuse(line) : undefined;',
    replace: 'return undefined;',
    seed: 65,
    calls: true,
  },
  {
    name: 'a host that is silent is never gone',
    file: 'fleet/peers.js',
    find: 'if (isGone(peer.process))',
    replace: 'if (false)',
    seed: 81,
    calls: true,
  },
  {
    name: 'the leader of a host that was replaced is not gone',
    file: 'fleet/peers.js',
    find: 'this.#gone(older, peer.member);',
    replace: ';',
    seed: 77,
    calls: true,
  },
  {
    name: 'another leader of the fleet is no reason for a resync',
    file: 'leader/forwarded-subscription.js',
    find: 'missed: reason => owner.missed(reason)',
    replace: 'missed() {}',
    seed: 1,
    calls: true,
  },
  {
    name: 'a call that is passed on never runs twice',
    file: 'fleet/host-client.js',
    find: 'this.idempotent = call.isIdempotent;',
    replace: 'this.idempotent = false;',
    seed: 2,
    calls: true,
  },
  {
    name: 'a call that is passed on may always run twice',
    file: 'fleet/host-client.js',
    find: 'this.idempotent = call.isIdempotent;',
    replace: 'this.idempotent = true;',
    seed: 11,
    calls: true,
  },
  {
    name: 'a withdrawal is not passed on',
    file: 'leader/sticky-register.js',
    find: 'client.forwarder.withdraw(workerId, key, args)',
    replace: 'undefined',
    seed: 17,
    calls: true,
  },
];
