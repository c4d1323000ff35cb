import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { testRecipe, WORKERS } from '../helpers/examples/recipe.js';
import { NATS_GREETING, PASSWORD, startNatsWithPassword } from '../helpers/services/of-recipes.js';

const JOBS = 9;

testRecipe({
  name: 'jetstream',
  async start(t) {
    const server = await startNatsWithPassword(t);
    if (server) await (await jetstreamManager(server.admin)).streams.add({ name: 'jobs', subjects: ['jobs.*'] });
    return server;
  },
  env: (address, isRight) => ({ NATS_URL: address, NATS_PASSWORD: isRight ? PASSWORD : 'wrong' }),
  refused: /Authorization Violation/i,
  greeting: NATS_GREETING,
  most: 1,
  async serves(app, { admin }, round) {
    await app.untilWorkersSay('added true', round === 1 ? WORKERS : WORKERS + 1);
    for (let job = 0; job < JOBS; job++) await jetstream(admin).publish('jobs.new', `job ${round}-${job}`);
    const isOfRound = (line: string) => line.includes(`does job ${round}-`);
    const done = await app.until(lines => {
      const found = lines.filter(isOfRound);
      return found.length >= JOBS ? found : undefined;
    });
    const jobs = new Set(done.map(line => line.replace(/^.*does /, '')));
    if (jobs.size !== JOBS) throw new Error(`a job was done twice: ${done.join(', ')}`);
  },
});
