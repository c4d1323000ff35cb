// Faults of streams.

import type { Mutation } from './mutation.js';

export const STREAMS: readonly Mutation[] = [
  {
    name: 'the reader of a stream reports no credit after the first',
    file: 'streams/item-reader.js',
    find: 'this.#options.pull(this.#taken, this.#options.window);',
    replace: '',
    seed: 1_000_000_000,
  },
  {
    name: 'the credit of a stream is not heeded',
    file: 'streams/item-sender.js',
    find: 'this.#sizes.length < this.#window &&',
    replace: 'this.#window > 0 &&',
    seed: 1_000_000_000,
  },
  {
    name: 'a source is not ended when its reader gives up',
    file: 'leader/running-call.js',
    find: 'this.output?.end();',
    replace: '',
    seed: 1_000_000_011,
  },
  {
    name: 'the source of an argument is not ended with its call',
    file: 'member/call-streams.js',
    find: 'this.#inputs.get(id)?.sender.end();',
    replace: '',
    seed: 1_000_000_013,
  },
  {
    name: 'an item that came twice is delivered twice',
    file: 'streams/item-reader.js',
    find: 'if (number <= this.#received)\n            return;\n        if (number !== this.#received + 1)',
    replace: 'if (number > this.#received + 1)',
    seed: 1_000_000_031,
    route: 'direct',
  },
  {
    name: 'items that were on their way at a hand-over are lost',
    file: 'protocol/classes.js',
    find: 'export const isAnswer = (kind) => isDroppable(kind)',
    replace: 'export const isAnswer = (kind) => classOf(kind) === "result"',
    seed: 1_000_000_000,
    route: 'direct',
  },
  {
    name: 'a stream that began is sent again to the next leader',
    file: 'member/calls.js',
    find: 'call.isIdempotent && !call.hasStreamed',
    replace: 'call.isIdempotent || call.hasStreamed',
    seed: 1_000_000_005,
  },
  {
    name: 'the end of a stream overtakes its items',
    file: 'streams/item-queue.js',
    find: 'if (this.#items.length > 0)',
    replace: 'if (this.#items.length > 0 && !this.#end)',
    seed: 1_000_000_000,
  },
  {
    name: 'a stream goes on in a leader whose caller is gone',
    file: 'leader/running-calls.js',
    find: "call.abandon(new SharedClientError('ERR_CLOSED'",
    replace: "call.output ?? call.abandon(new SharedClientError('ERR_CLOSED'",
    seed: 1_000_000_930,
  },
];
