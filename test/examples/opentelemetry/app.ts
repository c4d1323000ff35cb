// One trace over three processes: a page in one worker, the catalog in another, its prices in a third.

import cluster from 'node:cluster';
import { context, propagation, trace } from '@opentelemetry/api';
import { NodeTracerProvider, SimpleSpanProcessor, type SpanExporter } from '@opentelemetry/sdk-trace-node';
import { type ContextOption, createSharedClient, setupPrimary } from 'cluster-shared-client';

const { ROLE } = process.env;
const carry: ContextOption = {
  inject() {
    const carrier = {};
    propagation.inject(context.active(), carrier);
    return carrier;
  },
  extract: (carrier, run) => context.with(propagation.extract(context.active(), carrier), run),
};

if (cluster.isPrimary) {
  setupPrimary();
  for (const ROLE of ['prices', 'catalog', 'pages']) cluster.fork({ ROLE });
} else {
  const exporter = { export: print, shutdown: async () => {} }; // yours sends them to a collector
  new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }).register();
  const span = <T>(name: string, run: () => Promise<T>) =>
    trace.getTracer('shop').startActiveSpan(name, span => run().finally(() => span.end()));

  const share = <T extends object>(name: string, client: T) =>
    createSharedClient({ name, open: () => client as object, context: carry, eligible: ROLE === name });
  const prices = share('prices', { of: (item: string) => span('prices.of', async () => item.length) });
  const find = async (item: string) => `a ${item} for ${await prices.invoke('of', item)}`;
  const catalog = share('catalog', { find: (item: string) => span('catalog.find', () => find(item)) });
  if (ROLE === 'pages') console.log(await span('page', () => catalog.invoke('find', 'book')));
}

function print(...[spans, done]: Parameters<SpanExporter['export']>) {
  for (const span of spans) console.log('%j', [span.name, process.pid, span.spanContext(), span.parentSpanContext]);
  done({ code: 0 });
}
