// What Prometheus reads: calls by outcome, how long they took, and failovers, of all processes at one port of the primary.

import cluster from 'node:cluster';
import { createServer } from 'node:http';
import { createSharedClient, type Histogram, setupPrimary } from 'cluster-shared-client';
import { AggregatorRegistry, type Metric, register } from 'prom-client';

const metric = (name: string, type: string, read: () => object[]) => {
  const get = async () => ({ name, help: name, type, aggregator: 'sum', values: read() });
  register.registerMetric({ name, get } as unknown as Metric);
};
const countsOf = (counts: Record<string, number>, label: string) =>
  Object.entries(counts).map(([name, value]) => ({ labels: { [label]: name }, value }));

const timesOf = ({ boundsMs, counts, sumMs, count }: Histogram, name: string) => {
  const upTo = (place: number) => counts.slice(0, place + 1).reduce((sum, each) => sum + each);
  const of = (part: string, value: number, labels = {}) => ({ metricName: `${name}_${part}`, value, labels });
  const buckets = boundsMs.map((ms, place) => of('bucket', upTo(place), { le: ms / 1000 }));
  return [...buckets, of('bucket', count, { le: '+Inf' }), of('sum', sumMs / 1000), of('count', count)];
};

const workers = new AggregatorRegistry();
if (cluster.isPrimary) {
  const primary = setupPrimary().on('ready', ({ pid }) => console.log(`process ${pid} leads`));
  metric('failovers', 'counter', () =>
    primary.status().groups.flatMap(each => countsOf(each.failovers.causes, 'cause')),
  );
  const answer = async () => (await workers.clusterMetrics()) + (await register.metrics());
  createServer(async (_, response) => response.end(await answer())).listen(process.env.PORT ?? 9100);
  for (let i = 0; i < 4; i++) cluster.fork();
} else {
  const echo = createSharedClient({ name: 'echo', open: () => ({ echo: async (value: number) => value }) });
  const calls = () => echo.status().calls;
  metric('calls', 'counter', () => countsOf({ ok: calls().ended.ok, ...calls().failures }, 'outcome'));
  metric('call_seconds', 'histogram', () => timesOf(calls().total, 'call_seconds'));
  for (let i = 0; i < 10; i++) await echo.invoke('echo', i);
  await echo.invoke('missing').catch(() => console.log(`worker ${cluster.worker!.id}: has called`));
}
