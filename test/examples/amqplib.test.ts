import { randomUUID } from 'node:crypto';
import amqplib from 'amqplib';
import test from 'ava';
import { testRecipe, WORKERS } from '../helpers/examples/recipe.js';
import { startProxyOf } from '../helpers/services/of-recipes.js';
import { answers } from '../helpers/services/services.js';

const PORT = 5672;
const QUEUE = `csc-test-${randomUUID()}`;

// Not with one test: the others may still use it.
test.after.always(async () => {
  if (!(await answers(PORT))) return;
  const connection = await amqplib.connect(`amqp://127.0.0.1:${PORT}`);
  await (await connection.createChannel()).deleteQueue(QUEUE);
  await connection.close();
});

testRecipe({
  name: 'amqplib',
  async start(t) {
    const server = await startProxyOf(t, 'RabbitMQ', PORT);
    if (!server) return undefined;
    const connection = await amqplib.connect(`amqp://127.0.0.1:${PORT}`);
    const admin = await connection.createChannel();
    t.teardown(() => connection.close());
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
