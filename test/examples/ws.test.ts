import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { WebSocketServer } from 'ws';
import { testRecipe, WORKERS } from '../helpers/examples/recipe.js';
import { PASSWORD, startProxy } from '../helpers/services/of-recipes.js';

testRecipe({
  name: 'ws',
  async start(t) {
    const server = new WebSocketServer({
      host: '127.0.0.1',
      port: 0,
      verifyClient: ({ req }: { req: { headers: NodeJS.Dict<string | string[]> } }) =>
        req.headers.authorization === `Bearer ${PASSWORD}`,
    });
    await once(server, 'listening');
    t.teardown(() => server.close());
    let last = { item: 'tea', price: 0 };
    const tell = () => {
      for (const client of server.clients) client.send(JSON.stringify(last));
    };
    // Whoever subscribes gets the present price.
    server.on('connection', socket => socket.on('message', tell));
    const proxy = await startProxy(t, (server.address() as AddressInfo).port);
    return {
      ...proxy,
      change(price: number) {
        last = { ...last, price };
        tell();
      },
    };
  },
  env: (address, isRight) => ({ FEED_URL: `ws://${address}`, FEED_TOKEN: isRight ? PASSWORD : 'wrong' }),
  refused: /Unexpected server response: 401/,
  most: 1,
  async serves(app, feed, round) {
    await app.untilWorkersSay('ready', round === 1 ? WORKERS : WORKERS + 1);
    if (round > 1) await app.untilWorkersSay('prices may have been missed', round === 2 ? WORKERS - 1 : WORKERS);
    feed.change(round * 10);
    await app.untilWorkersSay(`tea costs ${round * 10}`, WORKERS);
  },
});
