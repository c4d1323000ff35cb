// Names for incarnations, and numbers for calls and subscriptions. The only file that knows nanoid.

import { nanoid } from 'nanoid';

/** Names one incarnation of something, apart from all others on any host. */
export const newId = (): string => nanoid();

let last = 0;

/** Numbers a call or a subscription; unique and growing in this process, whatever member comes and goes. */
export const nextNumber = (): number => ++last;
