// All schedules that once broke a promise. They stay, whatever their seeds come to mean.

import type { Regression } from './regression.js';
import { DATA } from './regressions-calls.js';
import { LEADERS } from './regressions-leaders.js';
import { FALSE_ALARMS } from './regressions-simulator.js';

export const REGRESSIONS: readonly Regression[] = [...LEADERS, ...DATA, ...FALSE_ALARMS];
