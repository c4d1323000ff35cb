import test from 'ava';
import { startRig } from '../helpers/process-rig.js';
test('x', async t => {
  const rig = await startRig(t);
  const { primary } = rig;
  await primary.do.create();
  const waiting = primary.do.call('echo', ['from the primary']);
  void waiting.then(console.log);
  console.log(await primary.do.clientStatus(), JSON.stringify(await primary.do.status()), primary.events);
  console.log(await Promise.race([primary.until('vacant'), new Promise(r => setTimeout(r, 1000))]));
  const ws = await rig.forkMany(2);
  for (const w of ws) await w.do.create();
  await new Promise(r => setTimeout(r, 1000));
  console.log(JSON.stringify(await primary.do.status(), null, 1), primary.events);
  t.pass();
});
