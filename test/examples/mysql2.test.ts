import { testRecipe, untilWorkersAnswer } from '../helpers/examples/recipe.js';
import { PASSWORD, startMariadb } from '../helpers/services/of-recipes.js';

testRecipe({
  name: 'mysql2',
  start: t =>
    startMariadb(
      t,
      'CREATE TABLE stock (item varchar(20) PRIMARY KEY, count int CHECK (count >= 0))',
      "INSERT INTO stock VALUES ('tea', 100000), ('coffee', 0)",
      'CREATE TABLE orders (id int AUTO_INCREMENT PRIMARY KEY, item varchar(20))',
    ),
  env: (address, isRight) => ({ MYSQL_URL: `mysql://app:${isRight ? PASSWORD : 'wrong'}@${address}/shop` }),
  refused: /Access denied/,
  most: 2,
  async serves({ url }) {
    // A transaction that fails ends its connection, so those that succeed come last.
    await untilWorkersAnswer(`${url}/coffee`, /CONSTRAINT .* failed/);
    await untilWorkersAnswer(`${url}/tea`, /reserved$/);
  },
});
