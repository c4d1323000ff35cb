// Prices from a WebSocket feed, in the memory of each worker: one connection for all workers.

import cluster from 'node:cluster';
import { createSharedClient, setupPrimary } from 'cluster-shared-client';
import { WebSocket } from 'ws';

if (cluster.isPrimary) {
  setupPrimary().on('ready', ({ pid }) => console.log(`process ${pid} leads`));
  for (let i = 0; i < 3; i++) cluster.fork();
  cluster.on('exit', () => cluster.fork());
} else {
  const feed = createSharedClient(WebSocket, {
    name: 'feed',
    args: [process.env.FEED_URL!, { headers: { authorization: `Bearer ${process.env.FEED_TOKEN}` } }],
    readyOn: 'open',
    failOn: ['close'],
    operations: {
      subscribe(socket, item: string, listener: (price: number) => void) {
        const heard = (data: Buffer) => {
          const told = JSON.parse(`${data}`);
          if (told.item === item) listener(told.price);
        };
        socket.on('message', heard);
        socket.send(JSON.stringify({ subscribe: item }));
        return () => {
          socket.off('message', heard);
          socket.send(JSON.stringify({ unsubscribe: item }));
        };
      },
    },
    backoff: { maxMs: 500 },
  });
  await feed.ready();
  const me = `worker ${cluster.worker!.id}`;
  feed.on('resync', () => console.log(`${me}: prices may have been missed`));
  await feed.subscribe('tea', price => console.log(`${me}: tea costs ${price}`)).ready;
  console.log(`${me}: ready`);
}
