import { testRecipe, WORKERS } from '../helpers/examples/recipe.js';
import { PASSWORD, startMosquittoWithPassword } from '../helpers/services/of-recipes.js';

testRecipe({
  name: 'mqtt',
  start: startMosquittoWithPassword,
  env: (address, isRight) => ({ MQTT_URL: `mqtt://app:${isRight ? PASSWORD : 'wrong'}@${address}` }),
  refused: /not authori[sz]ed/i,
  most: 1,
  async serves(app, server, round) {
    await app.untilWorkersSay('ready', round === 1 ? WORKERS : WORKERS + 1);
    const admin = await server.connect();
    // Retained, so that one whose subscription comes later has it too.
    await admin.publishAsync('house/kitchen/temperature', `2${round}`, { retain: true });
    await app.untilWorkersSay(`kitchen has 2${round}°`, WORKERS);
    await admin.endAsync(true);
  },
});
