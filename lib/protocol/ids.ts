// Ids for incarnations, and numbers for calls and subscriptions. The only file that imports nanoid.

import { nanoid } from 'nanoid';

/** An id for one incarnation, unique across machines. */
export const newId = (): string => nanoid();

let last = 0;

/** A number for a call or a subscription; unique and increasing in this process, across all members. */
export const nextNumber = (): number => ++last;
