import { randomUUID } from 'node:crypto';
import amqplib from 'amqplib';
import { testRecipe, WORKERS } from '../helpers/examples/recipe.js';
import { startProxyOf } from '../helpers/services/of-recipes.js';

const PORT = 5672;
const QUEUE = `csc-test-${randomUUID()}`;

testRecipe({
  name: 'amqplib',
  async start(t) {
    const server = await startProxyOf(t, 'RabbitMQ', PORT);
    if (!server) return undefined;
    const connection = await amqplib.connect(`amqp://127.0.0.1:${PORT}`);
    const admin = await connection.createChannel();
    t.teardown(async () => {
      await admin.deleteQueue(QUEUE);
      await connection.close();
    });
    return { ...server, admin };
  },
  env: (address, isRight) => ({ AMQP_URL: `amqp://guest:${isRight ? 'guest' : 'wrong'}@${address}`, QUEUE }),
  refused: /ACCESS_REFUSED/,
  most: 1,
  async serves(app, { admin }, round) {
    await app.untilWorkersSay('published', round === 1 ? WORKERS : WORKERS + 1);
    for (let mail = 0; mail < WORKERS; mail++) admin.sendToQueue(QUEUE, Buffer.from(`mail ${round}-${mail}`));
    const isOfRound = (line: string) => line.includes(`sends mail ${round}-`);
    await app.until(lines => lines.filter(isOfRound).length >= WORKERS || undefined);
  },
});
