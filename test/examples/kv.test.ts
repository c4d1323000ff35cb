import { Kvm } from '@nats-io/kv';
import { testRecipe, WORKERS } from '../helpers/examples/recipe.js';
import { NATS_GREETING, PASSWORD, startNatsWithPassword } from '../helpers/services/of-recipes.js';

testRecipe({
  name: 'kv',
  start: startNatsWithPassword,
  env: (address, isRight) => ({ NATS_URL: address, NATS_PASSWORD: isRight ? PASSWORD : 'wrong' }),
  refused: /Authorization Violation/i,
  greeting: NATS_GREETING,
  most: 1,
  async serves(app, { admin }, round) {
    const config = await new Kvm(admin).create('config');
    if (round === 1) await config.put('colour', 'red');
    await app.untilWorkersSay('here', round === 1 ? WORKERS : WORKERS + 1);
    await config.put('colour', `blue ${round}`);
    await app.untilWorkersSay(`colour is blue ${round}`, WORKERS);
  },
});
