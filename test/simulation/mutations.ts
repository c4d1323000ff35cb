// Faults that somebody might build into the library one day, each a change of one line of what was compiled, and a seed
// by which the simulator finds it.

export interface Mutation {
  /** What the library does wrong. */
  readonly name: string;
  /** Below dist/lib. */
  readonly file: string;
  /** Occurs once in the file. */
  readonly find: string;
  readonly replace: string;
  /** The first seed that finds it. */
  readonly seed: number;
}

export const MUTATIONS: readonly Mutation[] = [
  {
    name: 'a leader starts calls outside its lease',
    file: 'leader/service.js',
    find: "if (this.#state === 'serving' && !this.#hasLease(now))",
    replace: 'if (this.#state === undefined)',
    seed: 2,
  },
  {
    name: 'a leader emits values outside its lease',
    file: 'leader/topic.js',
    find: 'if (this.host.hasLease())',
    replace: 'if (this.host)',
    seed: 2,
  },
  {
    name: 'a call that blocks for longer than the lease is followed by values',
    file: 'leader/service.js',
    find: 'if (this.#held.length > 0 || !this.hasLease())',
    replace: 'if (this.#held.length > 0)',
    seed: 205,
  },
  {
    name: 'a process that thaws opens the real client of an appointment that is over',
    file: 'member/member.js',
    find: 'if (isAwaited && this.#hasLease(this.clock.now()))',
    replace: 'if (isAwaited)',
    seed: 48,
  },
  {
    name: 'a lease runs from its acknowledgement and not from its heartbeat',
    file: 'member/link.js',
    find: 'this.#leaseUntil = sentAt +',
    replace: 'this.#leaseUntil = this.clock.now() +',
    seed: 193,
  },
  {
    name: 'a leader whose channel closed is succeeded at once',
    file: 'router/appointment.js',
    find: "this.#fence(at, 'disconnected', { do: 'end', term: at.term, leader: workerId });",
    replace: "this.#endTerm(at, 'disconnected');",
    seed: 12,
  },
  {
    name: 'a term may be given out twice',
    file: 'router/appointment.js',
    find: 'Math.max(this.state.lastTerm + 1, Math.trunc(this.rules.now))',
    replace: 'Math.trunc(this.rules.now)',
    seed: 49,
  },
  {
    name: 'stale news of an appointment is believed',
    file: 'member/role.js',
    find: 'news.leader === workerId && news.term > endedTerm &&',
    replace: 'news.leader === workerId &&',
    seed: 2,
  },
  {
    name: 'sticky publications are not said again',
    file: 'member/stickies.js',
    find: 'if (!sticky.call)',
    replace: 'if (!key)',
    seed: 4,
  },
  {
    name: 'a sticky publication under way is said twice',
    file: 'member/stickies.js',
    find: 'if (!sticky.call)',
    replace: 'if (key)',
    seed: 2,
  },
  {
    name: 'a leader starts calls whose deadline has passed',
    file: 'leader/service.js',
    find: 'if (now > deadline)',
    replace: 'if (now < 0)',
    seed: 3,
  },
  {
    name: "the primary's own stall counts as its leaders' silence",
    file: 'router/running-clock.js',
    find: 'Math.min(this.clock.now() - this.#lastTick, 2 * this.tickMs)',
    replace: '(this.clock.now() - this.#lastTick)',
    seed: 7,
  },
  {
    name: 'a leader never hears that a member is gone',
    file: 'router/relay.js',
    find: 'if (leader === undefined || leader === workerId)',
    replace: 'if (host)',
    seed: 8,
  },
  {
    name: 'calls that may have run are sent again',
    file: 'member/calls.js',
    find: 'else if (call.isIdempotent)',
    replace: 'else if (call)',
    seed: 2,
  },
  {
    name: 'what the primary received of a member is forgotten',
    file: 'member/calls.js',
    find: 'if (call.bundle > received)',
    replace: 'if (call.bundle >= received)',
    seed: 2,
  },
  {
    name: 'calls that never left are given up',
    file: 'member/calls.js',
    find: 'if (call.bundle > received)',
    replace: 'if (call.bundle < 0)',
    seed: 106,
  },
  {
    name: 'a call that was handed back is overtaken by later ones',
    file: 'member/calls.js',
    find: 'if (this.#road === call.road)',
    replace: 'if (call.road === undefined)',
    seed: 188,
  },
  {
    name: 'an idempotent call that was lost with a leader ends as not started',
    file: 'member/calls.js',
    find: 'call.wasLost = true;',
    replace: '',
    seed: 226,
  },
  {
    name: 'a resync is not told',
    file: 'client/base.js',
    find: "this.emitter.emit('resync', event);",
    replace: '',
    seed: 2,
  },
  {
    name: 'values dropped outside the lease are not told of',
    file: 'leader/topic.js',
    find: 'if (held.hasGap)',
    replace: 'if (!held)',
    seed: 38,
  },
  {
    name: 'a process closes its link while one of its members still leaves',
    file: 'host.js',
    find: 'this.#leaving.add(member);',
    replace: '',
    seed: 4298,
  },
];
