// Metrics of each group for `pm2 show` and `pm2 monit`, through `@pm2/io` if the app has it. This library never loads it:
// PM2 loads it into its workers unless the app sets `pmx: false`.

/** The functions of `@pm2/io` that are used here. */
export interface MetricSink {
  metric(options: { readonly name: string; readonly value: () => string | number }): unknown;
  destroy?(): unknown;
}

/** The values that are shown for a group. */
export interface Measured {
  readonly term: number;
  readonly leader: { readonly workerId: number } | undefined;
  readonly calls: { readonly inFlight: number; readonly ended: { readonly ok: number; readonly failed: number } };
  readonly failovers: { readonly count: number };
}

const KEY = Symbol.for('@pm2/io');

export function findMetricSink(globals: object = globalThis): MetricSink | undefined {
  const io = (globals as { [KEY]?: Partial<MetricSink> })[KEY];
  return typeof io?.metric === 'function' ? (io as MetricSink) : undefined;
}

/**
 * Registers the metrics of a group. PM2 calls `measure` when it collects metrics; it returns undefined while there is no
 * client.
 */
export function showMetrics(sink: MetricSink, name: string, measure: () => Measured | undefined): void {
  const show = (what: string, value: (measured: Measured) => string | number) =>
    sink.metric({
      name: `${name}: ${what}`,
      value: () => {
        const measured = measure();
        return measured ? value(measured) : 'closed';
      },
    });
  show('leader', ({ leader }) => (leader ? `worker ${leader.workerId}` : 'none'));
  show('term', ({ term }) => term);
  show('calls', ({ calls: { ended } }) => ended.ok + ended.failed);
  show('calls failed', ({ calls }) => calls.ended.failed);
  show('failovers', ({ failovers }) => failovers.count);
}

/**
 * Must be called once the daemon has exited. `@pm2/io` collects metrics every second and calls `process.exit(1)` if it
 * can't send them to the daemon (`send` in its IPCTransport), even while a real client is being closed.
 */
export function endMetrics(globals: object = globalThis): void {
  try {
    findMetricSink(globals)?.destroy?.();
  } catch {
    // An error of `@pm2/io`. Without the daemon, nothing depends on it.
  }
}
