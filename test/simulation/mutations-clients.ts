// Faults of operations, handles, and real clients that come back by themselves or call their listeners in other ways.

import type { Mutation } from './mutation.js';
import { FIRST_WITH_OPERATIONS } from './plan.js';

export const CLIENTS: readonly Mutation[] = [
  {
    name: 'a handle that nobody receives is not released',
    file: 'leader/results.js',
    find: 'void endHandle(at).catch(report);',
    replace: 'void at;',
    seed: FIRST_WITH_OPERATIONS + 2,
  },
  {
    name: 'a handle is released twice',
    file: 'leader/results.js',
    find: 'void endHandle(at).catch(report);',
    replace: 'void endHandle(at).then(() => endHandle(at)).catch(report);',
    seed: FIRST_WITH_OPERATIONS,
  },
  {
    name: 'an operation runs twice in its term',
    file: 'leader/client-methods.js',
    find: '(...args) => Reflect.apply(run, self, [this.client, ...args])',
    replace:
      '(...args) => (Reflect.apply(run, self, [this.client, ...args]), Reflect.apply(run, self, [this.client, ...args]))',
    seed: FIRST_WITH_OPERATIONS,
  },
  {
    name: 'a real client that came back by itself is not told of',
    file: 'leader/service.js',
    find: 'this.#topics.reconnected();',
    replace: 'void 0;',
    seed: FIRST_WITH_OPERATIONS + 21,
  },
  {
    name: 'what a real client that came back outside the lease missed is not told of',
    file: 'leader/topic.js',
    find: 'if (this.#missed)\n            this.#sendMissed',
    replace: 'if (!this.owner)\n            this.#sendMissed',
    seed: FIRST_WITH_OPERATIONS + 63,
  },
  {
    name: 'the value of several arguments is the first of them',
    file: 'leader/topic.js',
    find: 'if (valueFrom)',
    replace: 'if (!own && !name)',
    seed: FIRST_WITH_OPERATIONS,
  },
  {
    name: 'an error for a listener is a value',
    file: 'leader/topic.js',
    find: 'values.length > 1 && values[0] instanceof Error',
    replace: 'values.length < 0',
    seed: FIRST_WITH_OPERATIONS,
  },
];
