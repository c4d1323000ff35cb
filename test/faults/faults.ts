// Faults that somebody might build into the library one day, and that no schedule of the simulation shows, most of them because its
// real clients return plain data at once: each a change of one line of what was compiled, and the test that finds it.

export interface Fault {
  /** What the library does wrong. */
  readonly name: string;
  /** Below dist/lib. */
  readonly file: string;
  /** Occurs once in the file. */
  readonly find: string;
  readonly replace: string;
  /** Below dist/test, and the title of the test in it that fails. */
  readonly test: string;
  readonly title: string;
}

const OPERATIONS = 'system/operations.test.js';

export const FAULTS: readonly Fault[] = [
  {
    name: 'a lazy builder is awaited, and so runs by half',
    file: 'leader/client-methods.js',
    find: "settings?.thenable !== 'await' && isLazy(returned)",
    replace: 'false',
    test: OPERATIONS,
    title: 'a chain is refused before it runs, unless methods says to run it; a promise of another library is awaited',
  },
  {
    name: 'an iterable that nobody reads any more is not ended',
    file: 'leader/upstream-subscription.js',
    find: 'return pump.end();',
    replace: 'return undefined;',
    test: OPERATIONS,
    title: 'items of an async iterable are values; unsubscribing ends it at its source',
  },
  {
    name: 'an iterable is not ended with the term',
    file: 'leader/upstream-subscription.js',
    find: 'void this.#endPump();',
    replace: '',
    test: 'leader/topic.test.js',
    title: 'an iterable that is read ends with the term',
  },
  {
    name: 'an iterable that ends by itself is taken for one that has no more values',
    file: 'leader/upstream-subscription.js',
    find: 'if (round === this.#round)\n                    this.#lost();',
    replace: 'void round;',
    test: OPERATIONS,
    title: 'an async iterable that ends or fails by itself is a loss: resync is told, and it is made again',
  },
  {
    name: 'the pump does not let timers and I/O have a turn',
    file: 'leader/pump.js',
    find: 'if (count % MOST_IN_TURN === 0)',
    replace: 'if (count < 0)',
    test: OPERATIONS,
    title: 'a source that always has more lets calls through',
  },
  {
    name: 'the pump turns the order of two values',
    file: 'leader/pump.js',
    find: 'this.handlers.value(value);',
    replace: 'count % 2 ? setImmediate(() => this.handlers.value(value)) : this.handlers.value(value);',
    test: 'leader/pump.test.js',
    title: 'each item is a value, and the end is told once',
  },
  {
    name: 'a value from before a reconnect is replayed',
    file: 'leader/topic.js',
    find: 'this.#last = undefined;\n            this.#held = undefined;',
    replace: '',
    test: OPERATIONS,
    title: 'resync() and resyncOn tell every subscriber, and the last value is forgotten',
  },
  {
    name: 'the option backoff is ignored',
    file: 'group/terms.js',
    find: 'backoffMs(failures, minMs, maxMs)',
    replace: 'backoffMs(failures)',
    test: 'system/broken-client.test.js',
    title: 'the option backoff sets the first and the longest pause',
  },
  {
    name: 'a pause between attempts to open does not grow',
    file: 'group/terms.js',
    find: 'backoffMs(failures, minMs, maxMs)',
    replace: 'backoffMs(1, minMs, maxMs)',
    test: 'system/broken-client.test.js',
    title: 'attempts go on with backoff, 100 ms at first and doubled each time',
  },
  {
    name: 'a leader that has closed its real client for a primary counts as lost if the next one is there at once',
    file: 'router/router.js',
    find: 'this.#gone(workerId, !isOpen && worker.id === id);',
    replace: 'this.#gone(workerId, false);',
    test: 'system/primary-lost.test.js',
    title: 'no leader counts as lost for what is under way, and close() is not awaited',
  },
  {
    name: 'a leader that has closed its real client for a primary counts as lost if close() is awaited',
    file: 'router/router.js',
    find: 'this.#gone(workerId, hello.id === worker.id);',
    replace: 'this.#gone(workerId, false);',
    test: 'system/primary-lost.test.js',
    title: 'no leader counts as lost for what is under way, and close() is awaited',
  },
];
