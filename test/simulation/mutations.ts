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
  /** @default 'relay' */
  readonly road?: 'direct';
}

export const MUTATIONS: readonly Mutation[] = [
  {
    name: 'a leader starts calls outside its lease',
    file: 'leader/service.js',
    find: "return this.#state === 'serving' && !this.#hasLease(now)",
    replace: 'return false',
    seed: 8,
  },
  {
    name: 'a leader emits values outside its lease',
    file: 'leader/topic.js',
    find: 'if (this.host.hasLease())',
    replace: 'if (this.host)',
    seed: 8,
  },
  {
    name: 'a process that thaws opens the real client of an appointment that is over',
    file: 'member/member.js',
    find: 'if (this.#hasLease(at) || this.#isJustAppointed(now.term, at))',
    replace: 'if (true)',
    seed: 62,
  },
  {
    name: 'an appointment is young for ever',
    file: 'member/link.js',
    find: 'return now < at + this.#welcome.leaderTimeoutMs',
    replace: 'return true',
    seed: 62,
  },
  {
    name: 'an appointment is young where its leader has been silent for long',
    file: 'router/router.js',
    find: 'if (!isNew)',
    replace: 'if (!next) return undefined; else if (!isNew) return this.clock.now(); else if (false)',
    seed: 3895,
  },
  {
    name: 'a lease runs from its acknowledgement and not from its heartbeat',
    file: 'member/link.js',
    find: 'this.#leaseUntil = since +',
    replace: 'this.#leaseUntil = this.clock.now() +',
    seed: 20,
  },
  {
    name: 'a leader whose channel closed is succeeded at once',
    file: 'router/appointment.js',
    find: "this.#fence(at, 'disconnected', { do: 'end', term: at.term, leader: workerId });",
    replace: "this.#endTerm(at, 'disconnected');",
    seed: 30,
  },
  {
    name: 'a term may be given out twice',
    file: 'router/appointment.js',
    find: 'Math.max(this.state.lastTerm + 1, Math.trunc(this.rules.now))',
    replace: 'Math.trunc(this.rules.now)',
    seed: 8,
  },
  {
    name: 'who has stepped aside leads no more, although nobody else may',
    file: 'router/appointment.js',
    find: 'return eligible.length > 0 ? eligible : able;',
    replace: 'return eligible;',
    seed: 9,
  },
  {
    name: 'stale news of an appointment is believed',
    file: 'member/role.js',
    find: 'news.leader === workerId && news.term > endedTerm &&',
    replace: 'news.leader === workerId &&',
    seed: 6,
  },
  {
    name: 'sticky publications are not said again',
    file: 'member/stickies.js',
    find: 'if (!sticky.call)',
    replace: 'if (!key)',
    seed: 6,
  },
  {
    name: 'a sticky publication under way is said twice',
    file: 'member/stickies.js',
    find: 'if (!sticky.call)',
    replace: 'if (key)',
    seed: 8,
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
    file: 'utils/running-clock.js',
    find: 'Math.min(this.clock.now() - this.#lastTick, 2 * this.tickMs)',
    replace: '(this.clock.now() - this.#lastTick)',
    seed: 52,
  },
  {
    name: 'a leader never hears that a member is gone',
    file: 'router/relay.js',
    find: 'if (leader === undefined || leader === workerId)',
    replace: 'if (host)',
    seed: 42,
  },
  {
    name: 'calls that may have run are sent again',
    file: 'member/calls.js',
    find: 'else if (call.isIdempotent)',
    replace: 'else if (call)',
    seed: 4,
  },
  {
    name: 'what the primary received of a member is forgotten',
    file: 'road/road.js',
    find: 'return bundle <= received;',
    replace: 'return bundle < received;',
    seed: 4,
  },
  {
    name: 'calls that never left are given up',
    file: 'member/calls.js',
    find: 'if (!road.isInHands(call.bundle, received))',
    replace: 'if (call.bundle < 0)',
    seed: 471,
  },
  {
    name: 'a resync is not told',
    file: 'client/base.js',
    find: "this.emitter.emit('resync', event);",
    replace: '',
    seed: 7,
  },
  {
    name: 'values dropped outside the lease are not told of',
    file: 'leader/topic.js',
    find: 'if (held.hasGap)',
    replace: 'if (!held)',
    seed: 33,
  },
  {
    name: 'what waits in the primary for a worker is not bounded',
    file: 'router/relay.js',
    find: 'const isOverloaded = host.isOverloaded(worker, bytes);',
    replace: 'const isOverloaded = bytes < 0;',
    seed: 139,
  },
  {
    name: 'what waits in the primary for all workers is not bounded',
    file: 'router/router.js',
    find: ' || this.#queuedBytes - backlog.bytes + bytes > maxQueuedTotalBytes;',
    replace: ';',
    seed: 4391,
  },
  {
    name: 'the timeout of a method is ignored',
    file: 'client/base.js',
    find: 'this.options.methodTimeouts.get(method) ?? this.options.timeoutMs;',
    replace: 'this.options.timeoutMs;',
    seed: 1,
  },
  {
    name: 'a method that may run twice is lost with its leader all the same',
    file: 'client/base.js',
    find: 'with_.idempotent ?? said?.idempotent ?? false',
    replace: 'with_.idempotent ?? false',
    seed: 5,
  },
  {
    name: 'nobody hears what a call threw for which nobody waits',
    file: 'client/base.js',
    find: 'isOneway ? this.#onError : reject',
    replace: 'isOneway ? () => {} : reject',
    seed: 1,
  },
  {
    name: 'a signal in the arguments never aborts in the leader',
    file: 'leader/service.js',
    find: 'call.abort(number, decoded)',
    replace: 'void 0',
    seed: 1,
  },
  {
    name: 'the leader is not told that a caller gave up',
    file: 'member/calls.js',
    find: 'this.tellSignal(call, 0, error);',
    replace: '',
    seed: 1,
  },
  {
    name: 'of those that get each value once, one gets them all',
    file: 'leader/topic.js',
    find: 'this.#ones.delete(one);',
    replace: '',
    seed: 10,
  },
  {
    name: 'what is taken back is said again to the next leader',
    file: 'member/stickies.js',
    find: 'this.#stickies.delete(key);',
    replace: '',
    seed: 6,
  },
  {
    name: 'the primary leads although it was not asked to',
    file: 'host.js',
    find: 'eligible: !this.#setUp,',
    replace: 'eligible: true,',
    seed: 30,
  },
  {
    name: 'a primary that is set up again appoints a leader beside one that is frozen',
    file: 'router/router.js',
    find: 'return new Promise(resolve => {\n            this.#leaving',
    replace:
      'for (const { workerId } of workers)\n            this.#exited(workerId);\n        return new Promise(resolve => {\n            this.#leaving',
    seed: 30,
  },
  {
    name: 'a worker looks for no other primary once its own has closed',
    file: 'member/link.js',
    find: 'this.#hello(FIRST_HELLO_MS);\n        if (this.#isClosing)',
    replace: 'if (this.#isClosing)',
    seed: 3,
  },
  {
    name: 'a stream that broke goes on by the relay from its beginning',
    file: 'road/direct/direct-leader.js',
    find: 'String(lane.stream.received)',
    replace: "'0'",
    seed: 2,
    road: 'direct',
  },
  {
    name: 'the direct road does not wait for what was sent by the relay',
    file: 'road/direct/stream.js',
    find: '    #held = [];',
    replace: '    #held;',
    seed: 220,
    road: 'direct',
  },
  {
    name: 'what waits in a leader for one member is not bounded',
    file: 'road/direct/member-lane.js',
    find: 'return this.isOverloaded(waiting, bytes);',
    replace: 'return false;',
    seed: 148,
    road: 'direct',
  },
  {
    name: 'a connection that breaks is told to the first of its channels alone',
    file: 'road/direct/shared-connection.js',
    find: '[...this.#channels.values(), ...this.#unnamed])',
    replace: '[...this.#channels.values(), ...this.#unnamed].slice(0, 1))',
    seed: 31,
    road: 'direct',
  },
  {
    name: 'a channel does not hear that there is room again',
    file: 'road/direct/shared-connection.js',
    find: 'channel.drained();',
    replace: '',
    seed: 16,
    road: 'direct',
  },
  {
    name: 'that values are missing is told before those that came before',
    file: 'protocol/classes.js',
    find: "[Kind.GAP, 'value'],",
    replace: '',
    seed: 472,
  },
  {
    name: 'what is kept back for lack of room to the primary never follows',
    file: 'leader/sender.js',
    find: 'this.options.whenRoom(() => {',
    replace: '(() => {})(() => {',
    seed: 139,
  },
];
