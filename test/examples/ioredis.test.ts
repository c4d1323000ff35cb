import { testRecipe, untilWorkersAnswer } from '../helpers/examples/recipe.js';
import { PASSWORD, startRedisWithPassword } from '../helpers/services/of-recipes.js';

testRecipe({
  name: 'ioredis',
  start: startRedisWithPassword,
  env: (address, isRight) => ({ REDIS_URL: `redis://:${isRight ? PASSWORD : 'wrong'}@${address}` }),
  refused: /WRONGPASS/,
  most: 1,
  // What was counted is gone with the server.
  serves: ({ url }, _, round) => untilWorkersAnswer(`${url}/visitor${round}`, /visit \d+$/),
});
