// Faults of who leads and for how long: of the primary, of links and roles, and of what counts as a sign of life.

import type { Mutation } from './mutation.js';

export const TERMS: readonly Mutation[] = [
  {
    name: 'a process that thaws opens the real client of an appointment that is over',
    file: 'member/role-player.js',
    find: 'if (this.#hasLease(at) || this.#isJustAppointed(now.term, at))',
    replace: 'if (true)',
    seed: 62,
  },
  {
    name: 'an appointment is young for ever',
    file: 'member/lease.js',
    find: 'return now < at + this.#options.leaderTimeoutMs',
    replace: 'return true',
    seed: 62,
  },
  {
    name: 'an appointment is young where its leader has been silent for long',
    file: 'router/silence-watch.js',
    find: 'if (!isNew)',
    replace: 'if (!next) return undefined; else if (!isNew) return clock.now(); else if (false)',
    seed: 3895,
  },
  {
    name: 'a lease runs from its acknowledgement and not from its heartbeat',
    file: 'member/lease.js',
    find: 'this.#until = since +',
    replace: 'this.#until = this.#clock.now() +',
    seed: 20,
  },
  {
    name: 'a leader whose channel closed is succeeded at once',
    file: 'group/reduce.js',
    find: "fence(group, at, 'disconnected', end);",
    replace: "endTerm(group, at, 'disconnected');",
    seed: 30,
  },
  {
    name: 'a term may be given out twice',
    file: 'group/draft.js',
    find: 'Math.max(this.state.lastTerm + 1, Math.trunc(this.now))',
    replace: 'Math.trunc(this.now)',
    seed: 8,
  },
  {
    name: 'who has stepped aside leads no more, although nobody else may',
    file: 'group/queries.js',
    find: '(eligible.length > 0 ? eligible : ids).filter(',
    replace: 'eligible.filter(',
    seed: 9,
  },
  {
    name: 'stale news of an appointment is believed',
    file: 'member/role.js',
    find: 'update.leader === workerId && update.term > endedTerm &&',
    replace: 'update.leader === workerId &&',
    seed: 6,
  },
  {
    name: "the primary's own stall counts as its leaders' silence",
    file: 'utils/running-clock.js',
    find: 'Math.min(this.clock.now() - this.#lastTick, 2 * this.tickMs)',
    replace: '(this.clock.now() - this.#lastTick)',
    seed: 52,
  },
  {
    name: 'what waits in the primary for all workers is not bounded',
    file: 'router/queue-limits.js',
    find: ' || this.#queuedBytes - backlog.bytes + bytes > maxQueuedTotalBytes;',
    replace: ';',
    seed: 707,
  },
  {
    name: 'the primary leads although it was not asked to',
    file: 'runtime/runtime.js',
    find: 'eligible: !this.#setUp,',
    replace: 'eligible: true,',
    seed: 30,
  },
  {
    name: 'a primary that is set up again appoints a leader beside one that is frozen',
    file: 'router/router.js',
    find: 'return this.#departures.begin(end);',
    replace:
      'for (const { workerId } of workers)\n            this.#exited(workerId);\n        return this.#departures.begin(end);',
    seed: 30,
  },
  {
    name: 'a worker looks for no other primary once its own has closed',
    file: 'member/link.js',
    find: 'this.#hellos.start(isClosing ? this.#welcome.heartbeatMs : undefined);',
    replace: '',
    seed: 3,
  },
  {
    name: 'a heartbeat from before its appointment is a lease',
    file: 'member/lease.js',
    find: 'return this.#acknowledged >= first && now < this.#until;',
    replace: 'return now < this.#until;',
    seed: 1,
  },
  {
    name: 'data is no sign of life',
    file: 'router/router.js',
    find: 'this.#silence.received(worker);\n        for (const bundle of packet.d)',
    replace:
      'if (packet.c.length > 0)\n            this.#silence.received(worker);\n        for (const bundle of packet.d)',
    seed: 42,
  },
  {
    name: 'a worker that still closes its real client leads for the next primary',
    file: 'member/link.js',
    find: 'const isClosing = waits.length > 0;',
    replace: 'const isClosing = false;',
    seed: 748,
  },
  {
    name: 'a worker that still closes its real client counts as gone',
    file: 'router/router.js',
    find: 'if (hello.closing)\n            this.isClosing(worker)',
    replace: 'if (!hello)\n            this.isClosing(worker)',
    seed: 144,
  },
  {
    name: "the app's own messages are no sign of life",
    file: 'router/router.js',
    find: 'return worker && this.#silence.received(worker);',
    replace: 'return;',
    seed: 5,
  },
  {
    name: 'a transfer that nobody can take over never settles',
    file: 'group/terms.js',
    find: 'group.failTransfer();\n    if (hasFailed && !at.pause)',
    replace: 'if (hasFailed && !at.pause)',
    seed: 28,
  },
  {
    name: 'what a fenced leader was lost with is not counted',
    file: 'member/group-view.js',
    find: 'if (update.leader)\n            this.#lastLed = update.term;',
    replace: 'this.#lastLed = update.leader ? update.term : undefined;',
    seed: 4878,
    unproved:
      'none of 10,000 seeds; at this one a sticky publication costs a leader too many after the primary was set up again',
  },
  {
    name: 'a worker is forgotten before its groups know that it has left',
    file: 'router/router.js',
    find: 'worker.outbox.flush();',
    replace:
      'worker.outbox.flush();\n            if (!worker.isWatched)\n                this.workers.delete(worker.workerId);',
    seed: 3,
  },
];
