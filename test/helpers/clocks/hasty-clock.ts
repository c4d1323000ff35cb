// Real time, but for long waits, which are short.

import { type Clock, systemClock } from '../../../lib/utils/clock.js';

export const hastyClock: Clock = {
  ...systemClock,
  setTimer: (callback, ms) => systemClock.setTimer(callback, ms >= 1000 ? ms / 20 : ms),
};
