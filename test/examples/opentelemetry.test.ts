import test from 'ava';
import { startExample } from '../helpers/examples/example.js';

interface Place {
  readonly traceId: string;
  readonly spanId: string;
}

type Span = [name: string, pid: number, place: Place, parent: Place | null];

test('one trace leads over three processes', async t => {
  const app = startExample(t, 'opentelemetry', {});
  const lines = await app.until(lines => (lines.length === 4 ? lines : undefined));
  t.true(lines.includes('a book for 4'));
  const spans = lines.filter(line => line.startsWith('[')).map(line => JSON.parse(line) as Span);
  t.is(new Set(spans.map(([, pid]) => pid)).size, 3);
  t.is(new Set(spans.map(([, , { traceId }]) => traceId)).size, 1);
  const [page, catalog, prices] = ['page', 'catalog.find', 'prices.of'].map(
    name => spans.find(span => span[0] === name)!,
  );
  t.is(page![3], null);
  t.is(catalog![3]?.spanId, page![2].spanId);
  t.is(prices![3]?.spanId, catalog![2].spanId);
});
