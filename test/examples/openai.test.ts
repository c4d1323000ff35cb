import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { testRecipe, untilWorkersAnswer } from '../helpers/examples/recipe.js';
import { PASSWORD, startProxy } from '../helpers/services/of-recipes.js';

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  let body = '';
  for await (const chunk of request) body += chunk;
  const isKnown = request.headers.authorization === `Bearer ${PASSWORD}`;
  response.writeHead(isKnown ? 200 : 401, { 'content-type': 'application/json' });
  response.end(JSON.stringify(isKnown ? answerTo(request.url!, body) : { error: { message: 'wrong key' } }));
}

function answerTo(url: string, body: string): object {
  if (url === '/models') return { data: [] };
  const [{ content }] = JSON.parse(body).messages;
  return { choices: [{ index: 0, message: { role: 'assistant', content: `answer to ${content}` } }] };
}

testRecipe({
  name: 'openai',
  async start(t) {
    const server = createServer(serve).listen(0, '127.0.0.1');
    await once(server, 'listening');
    t.teardown(() => server.close());
    return startProxy(t, (server.address() as AddressInfo).port);
  },
  env: (address, isRight) => ({ OPENAI_URL: `http://${address}`, OPENAI_API_KEY: isRight ? PASSWORD : 'wrong' }),
  refused: /401 wrong key/,
  most: 1,
  serves: ({ url }, _, round) => untilWorkersAnswer(`${url}/${round}`, new RegExp(`answer to ${round}$`)),
});
