import test from 'ava';
import { startExample } from '../helpers/example.js';
import { type Said, untilAllSay } from '../helpers/example-http.js';
import { freePort } from '../helpers/service-process.js';
import { startRedisServer } from '../helpers/services-of-examples.js';

function read(text: string): Said {
  const { worker, on } = JSON.parse(text);
  return { worker, value: on };
}

test('four Fastify workers answer from flags of one connection, while their leader is killed too', async t => {
  const redis = await startRedisServer(t);
  if (!redis) return;
  const { admin, connections, url } = redis;
  const port = await freePort();
  const app = startExample(t, 'fastify', { REDIS_URL: url, PORT: `${port}` });
  const change = async (state: 'on' | 'off') => {
    await admin.hSet('flags', 'dark-mode', state);
    await admin.publish('flags changed', 'dark-mode');
  };
  const untilAllSayThat = (on: boolean) => untilAllSay(`http://127.0.0.1:${port}/flags/dark-mode`, read, on);

  await untilAllSayThat(false);
  t.is(await connections(), 1);
  await change('on');
  await untilAllSayThat(true);

  await app.killLeader();
  await change('off');
  await untilAllSayThat(false);
  t.is(await connections(), 1);
});
