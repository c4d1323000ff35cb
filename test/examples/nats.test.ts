import { testRecipe, WORKERS } from '../helpers/examples/recipe.js';
import { NATS_GREETING, PASSWORD, startNatsWithPassword } from '../helpers/services/of-recipes.js';

testRecipe({
  name: 'nats',
  async start(t) {
    const server = await startNatsWithPassword(t);
    server?.admin.subscribe('time', { callback: (_, message) => void message.respond('noon') });
    await server?.admin.flush();
    return server;
  },
  env: (address, isRight) => ({ NATS_URL: address, NATS_PASSWORD: isRight ? PASSWORD : 'wrong' }),
  refused: /Authorization Violation/i,
  greeting: NATS_GREETING,
  most: 1,
  async serves(app, { admin }, round) {
    // After the kill the others have subscribed again, and the one in the killed one's place for the first time.
    await app.untilWorkersSay('noon', round === 1 ? WORKERS : WORKERS + 1);
    const isMissed = (line: string) => line.endsWith('orders may have been missed');
    const again = round === 1 ? 0 : round === 2 ? WORKERS - 1 : WORKERS;
    await app.until(lines => {
      const led = lines.flatMap((line, i) => (line.endsWith(' leads') ? [i] : []));
      return (led.length >= round && lines.slice(led.at(-1)).filter(isMissed).length >= again) || undefined;
    });
    admin.publish('elsewhere', 'nothing');
    admin.publish(`orders.${round}`, 'tea');
    await app.untilWorkersSay(`orders.${round} tea`, WORKERS);
    if (app.lines.some(line => line.includes('nothing'))) throw new Error('a message of another subject');
  },
});
