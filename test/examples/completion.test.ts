import { EventEmitter, once } from 'node:events';
import { createServer, get, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import test from 'ava';
import { startExample } from '../helpers/examples/example.js';
import { freePort } from '../helpers/services/process.js';

test('words come to browsers from three workers as they are made, and who leaves ends the request upstream', async t => {
  /** The second word of an answer comes when the test says so, or never. */
  const model = new EventEmitter().setMaxListeners(0);
  let open = 0;
  async function complete(request: IncomingMessage, response: ServerResponse) {
    open++;
    response.on('close', () => {
      open--;
      model.emit('closed');
    });
    const prompt = await text(request);
    response.write(`answer to ${prompt}`);
    model.on('go on', () => response.end(', the end'));
  }
  const server = createServer(complete).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  const port = await freePort();
  const AI_URL = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const app = startExample(t, 'completion', { AI_URL, PORT: `${port}` });
  await app.until(lines => lines.find(line => line.endsWith(' leads')));

  /** Answers that have begun, at least one from each of the workers. A connection of its own for each, so that they take turns. */
  async function ask(prompt: string) {
    const workers = new Set();
    const answers = [];
    while (workers.size < 3) {
      const request = get(`http://127.0.0.1:${port}/complete?prompt=${prompt}`, { agent: false });
      const [response] = (await once(request, 'response')) as [IncomingMessage];
      t.is(response.headers['content-type'], 'text/event-stream');
      const chunks = response
        .setEncoding('utf8')
        .on('error', () => {})
        [Symbol.asyncIterator]();
      const next = async () => (await chunks.next()).value;
      t.is(await next(), `data: "answer to ${prompt}"\n\n`);
      workers.add(response.headers.worker);
      answers.push({ response, next });
    }
    return answers;
  }

  for (const { next } of await ask('read')) {
    model.emit('go on');
    t.is(await next(), 'data: ", the end"\n\n');
    t.is(await next(), undefined);
  }
  for (const { response } of await ask('leave')) response.destroy();
  while (open > 0) await once(model, 'closed');
  t.is(open, 0);
});
