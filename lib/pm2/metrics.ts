// What `pm2 show` and `pm2 monit` tell of each group, through `@pm2/io` where the app has it. It is found, never loaded:
// PM2 itself puts it into its workers unless the app says `pmx: false`.

/** What is needed of `@pm2/io`. */
export interface MetricSink {
  metric(options: { readonly name: string; readonly value: () => string | number }): unknown;
  destroy?(): unknown;
}

/** What is shown of a group. */
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

/** Shows a group from now on; `measure` is asked each time that PM2 collects, and knows nothing while there is no client. */
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
 * To be called once the daemon is gone. `@pm2/io` collects each second, and calls `process.exit(1)` when it can't report
 * to the daemon (`send` in its IPCTransport): a real client that is being closed would be cut off.
 */
export function endMetrics(globals: object = globalThis): void {
  try {
    findMetricSink(globals)?.destroy?.();
  } catch {
    // Not ours, and there is nobody left to report to.
  }
}
