// The drop-in for cluster-client beside cluster-client itself and beside the library's own interface, both over the relay: the
// cases of `invoke`. The drop-in should keep four fifths of the library's lead.

import { invoke } from './invoke.js';
import type { Bench } from './support/bench.js';

const CASES = ['1', '64', '1024', '10kB-string'];

export const compat: Bench = {
  ...invoke,
  name: 'compat',
  question: 'the same through the drop-in for cluster-client',
  cases: invoke.cases.filter(({ name }) => CASES.includes(name)).map(({ name, title }) => ({ name, title })),
  contestants: ['cluster-client', 'relay', 'compat'],
  ms: 300,
};
