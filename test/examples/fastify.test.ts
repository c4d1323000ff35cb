import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import test from 'ava';
import { startExample } from '../helpers/examples/example.js';
import { type Said, untilAllSay } from '../helpers/examples/http.js';
import { startRedisServer } from '../helpers/services/of-examples.js';
import { freePort } from '../helpers/services/process.js';

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

/** A request whose worker has it, but not its body, so that all its calls are still to come. */
async function beginRequest(port: number, name: string) {
  const headers = { 'content-type': 'application/json', expect: '100-continue' };
  const sent = request({ port, method: 'PUT', path: `/flags/${name}`, headers, agent: false });
  sent.flushHeaders();
  await once(sent, 'continue');
  return async () => {
    sent.end('{"on":true}');
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    return { status: response.statusCode, worker: JSON.parse(await text(response)).worker as number };
  };
}

test('ten requests in flight in the leader that still have to call are answered after its SIGTERM', async t => {
  const redis = await startRedisServer(t);
  if (!redis) return;
  const port = await freePort();
  const app = startExample(t, 'fastify', { REDIS_URL: redis.url, PORT: `${port}` });
  await untilAllSay(`http://127.0.0.1:${port}/flags/any`, read, false);
  // Connections go round, so that each of the four workers has its share.
  const requests = await Promise.all(Array.from({ length: 120 }, (_, i) => beginRequest(port, `flag-${i}`)));
  await app.terminateLeader();
  const answers = await Promise.all(requests.map(end => end()));
  t.deepEqual(
    answers.map(({ status }) => status),
    answers.map(() => 200),
  );
  for (const worker of [1, 2, 3, 4]) t.true(answers.filter(answer => answer.worker === worker).length >= 10);
  t.is(Object.values(await redis.admin.hGetAll('flags')).filter(flag => flag === 'on').length, 120);
});
