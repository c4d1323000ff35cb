import { testRecipe, WORKERS } from '../helpers/examples/recipe.js';
import { PASSWORD, startPostgres } from '../helpers/services/of-recipes.js';

testRecipe({
  name: 'pg',
  start: t =>
    startPostgres(
      t,
      'CREATE TABLE settings (name text PRIMARY KEY, value text)',
      "INSERT INTO settings VALUES ('greeting', 'hello')",
    ),
  env: (address, isRight) => ({
    DATABASE_URL: `postgres://postgres:${isRight ? PASSWORD : 'wrong'}@${address}/postgres`,
  }),
  refused: /password authentication failed/,
  most: 1,
  async serves(app, server, round) {
    await app.untilWorkersSay(round === 1 ? 'hello' : `hello ${round - 1}`, WORKERS);
    await server.query(`UPDATE settings SET value = 'hello ${round}'`, 'NOTIFY settings');
    await app.untilWorkersSay(`hello ${round}`, WORKERS);
  },
});
