// A process that runs the portions it is given over IPC, until it is told no more.

import { type Portion, tallyOf } from './tally.js';

// Nobody reads the stacks of errors that are as they should be.
Error.stackTraceLimit = 0;

process.on('message', async (portion: Portion) => process.send!(await tallyOf(portion)));
