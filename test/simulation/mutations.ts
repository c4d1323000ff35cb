// All faults that are put into the library on purpose.

import { FLEETS } from './fleet/mutations.js';
import { HOSTS } from './hosts/mutations.js';
import type { Mutation } from './mutation.js';
import { CLIENTS } from './mutations-clients.js';
import { LEADERS } from './mutations-leaders.js';
import { MEMBERS } from './mutations-members.js';
import { STREAMS } from './mutations-streams.js';
import { TERMS } from './mutations-terms.js';

export const MUTATIONS: readonly Mutation[] = [
  ...TERMS,
  ...MEMBERS,
  ...LEADERS,
  ...STREAMS,
  ...CLIENTS,
  ...FLEETS,
  ...HOSTS,
];
