// Answers of a language model, word by word, to browsers as server-sent events: who closes the page ends the request upstream.

import cluster from 'node:cluster';
import { Readable } from 'node:stream';
import { callContext, createSharedClient, setupPrimary } from 'cluster-shared-client';
import Fastify from 'fastify';

if (cluster.isPrimary) {
  setupPrimary().on('ready', ({ pid }) => console.log(`process ${pid} leads`));
  for (let i = 0; i < 3; i++) cluster.fork();
  cluster.on('exit', () => cluster.fork());
} else {
  const ai = createSharedClient({
    name: 'ai',
    open: () => ({ url: process.env.AI_URL! }),
    close: () => {},
    operations: {
      async *complete({ url }, prompt: string) {
        const { signal } = callContext()!; // aborts when nobody reads any more
        const response = await fetch(url, { method: 'POST', body: prompt, signal });
        if (!response.ok) throw new Error(`The model answers ${response.status}.`);
        for await (const words of response.body!.pipeThrough(new TextDecoderStream()))
          yield `data: ${JSON.stringify(words)}\n\n`;
      },
    },
  });
  const app = Fastify();
  app.get<{ Querystring: { prompt: string } }>('/complete', ({ query: { prompt } }, reply) =>
    reply
      .header('worker', cluster.worker!.id)
      .type('text/event-stream')
      .send(Readable.from(ai.complete(prompt))),
  );
  await app.listen({ port: Number(process.env.PORT ?? 8080) });
}
