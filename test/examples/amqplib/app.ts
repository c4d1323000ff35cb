// Mails over RabbitMQ: one connection and one channel for all workers, and each mail goes to one of them.

import cluster from 'node:cluster';
import { type ConsumeMessage, connect } from 'amqplib';
import { createSharedClient, setupPrimary } from 'cluster-shared-client';

if (cluster.isPrimary) {
  setupPrimary().on('ready', ({ pid }) => console.log(`process ${pid} leads`));
  for (let i = 0; i < 3; i++) cluster.fork();
  cluster.on('exit', () => cluster.fork());
} else {
  const mails = createSharedClient({
    name: 'mails',
    async open({ fail }) {
      const connection = await connect(process.env.AMQP_URL!, { timeout: 5000 });
      connection.on('error', fail).on('close', () => fail(new Error('The connection to RabbitMQ is closed.')));
      const channel = (await connection.createConfirmChannel()).on('error', fail); // closed if it did something wrong
      return Object.assign(channel, { end: () => connection.close() });
    },
    operations: {
      async publish(channel, queue: string, mail: string) {
        channel.sendToQueue(queue, Buffer.from(mail), { persistent: true });
        await channel.waitForConfirms(); // RabbitMQ has it
      },
      async subscribe(channel, queue: string, listener: (mail: string) => void) {
        await channel.assertQueue(queue);
        const ended = () => channel.emit('error', new Error('The queue is gone.')); // a new channel subscribes again
        const take = (m: ConsumeMessage | null) => (m ? listener(`${m.content}`) : ended());
        const { consumerTag } = await channel.consume(queue, take, { noAck: true });
        return () => channel.cancel(consumerTag);
      },
    },
    backoff: { maxMs: 500 },
  });
  await mails.ready();
  const [me, queue] = [`worker ${cluster.worker!.id}`, process.env.QUEUE ?? 'mails'];
  await mails.with({ delivery: 'one' }).subscribe(queue, mail => console.log(`${me}: sends ${mail}`)).ready;
  await mails.publish(queue, `hello from ${me}`).then(() => console.log(`${me}: published`));
}
