// Sums over processes.

import type { Usage } from '../jobs/usage.js';

export const cpuUsOf = (used: readonly Usage[]): number => used.reduce((sum, { cpuUs }) => sum + cpuUs, 0);
