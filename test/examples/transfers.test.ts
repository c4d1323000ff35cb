import { testRecipe, untilWorkersAnswer } from '../helpers/examples/recipe.js';
import { PASSWORD, startPostgres } from '../helpers/services/of-recipes.js';

testRecipe({
  name: 'transfers',
  start: t =>
    startPostgres(
      t,
      'CREATE TABLE accounts (name text PRIMARY KEY, balance int)',
      "INSERT INTO accounts VALUES ('a', 100), ('b', 0)",
    ),
  env: (address, isRight) => ({
    DATABASE_URL: `postgres://postgres:${isRight ? PASSWORD : 'wrong'}@${address}/postgres`,
  }),
  refused: /password authentication failed/,
  most: 2,
  async serves({ url }, server) {
    await untilWorkersAnswer(url, /done$/);
    const [{ total } = {}] = await server.query('SELECT sum(balance)::int AS total FROM accounts');
    if (total !== 100) throw new Error(`Of 100 there are ${total}.`);
  },
});
