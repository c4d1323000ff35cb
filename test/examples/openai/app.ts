// Answers of a language model, or of any other HTTP service with an SDK: one client and its connections for all workers.

import cluster from 'node:cluster';
import { createServer } from 'node:http';
import { createSharedClient, setupPrimary } from 'cluster-shared-client';
import OpenAI from 'openai';

if (cluster.isPrimary) {
  setupPrimary().on('ready', ({ pid }) => console.log(`process ${pid} leads`));
  for (let i = 0; i < 3; i++) cluster.fork();
  cluster.on('exit', () => cluster.fork());
} else {
  const ai = createSharedClient({
    name: 'ai',
    async open({ signal }) {
      const client = new OpenAI({ baseURL: process.env.OPENAI_URL, maxRetries: 0 });
      await client.models.list({ signal }); // if it can't, ready() rejects with the cause
      return client;
    },
    namespaces: ['chat.completions'],
    methods: { 'chat.completions.create': { timeoutMs: 60_000 } },
  });
  await ai.ready();

  createServer(async ({ url }, response) => {
    const content = decodeURIComponent(url!.slice(1));
    const answer = await ai.chat.completions.create({ model: 'gpt-5', messages: [{ role: 'user', content }] }).then(
      ({ choices }) => choices[0]!.message.content,
      (error: Error) => error.message,
    );
    response.end(`worker ${cluster.worker!.id}: ${answer}`);
  }).listen(process.env.PORT ?? 8080);
}
