// A minute of chaos under load on each route: what must hold whatever happens. CHAOS_SEED and CHAOS_MINUTES run another, or a longer one.

import test from 'ava';
import { runChaos } from '../../chaos/chaos.js';
import { reportOf } from '../../chaos/report.js';
import { findRedis } from '../../helpers/services/services.js';

const seed = Number(process.env.CHAOS_SEED ?? 1);
const minutes = Number(process.env.CHAOS_MINUTES ?? 1);

for (const route of ['relay', 'direct'] as const) {
  test.serial(
    `${route}: whatever happens, each call ends once, none runs twice, nothing stale runs and one leader is left`,
    async t => {
      t.timeout((3 * minutes + 10) * 60_000);
      const redis = await findRedis(t);
      const result = await runChaos({ seed, workers: 4, route, durationMs: minutes * 60_000, ...(redis && { redis }) });
      t.log(reportOf(result));
      t.deepEqual(result.violations, []);
    },
  );
}
