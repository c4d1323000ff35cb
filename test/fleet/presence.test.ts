import test from 'ava';
import { GONE_MS, Presence } from '../../lib/fleet/presence.js';
import { UnitClock } from '../helpers/clocks/unit-clock.js';
import { MessageHub } from '../helpers/fleet/memory-messages.js';

function rig() {
  const clock = new UnitClock();
  const hub = new MessageHub({ clock });
  const texts: string[] = [];
  hub.connect().hear(text => texts.push(text));
  const start = () => {
    const presence = new Presence(clock);
    const end = hub.connect();
    presence.up(end);
    return { presence, end };
  };
  return { clock, hub, texts, start };
}

const watcher = () => {
  const heard: [string, number[]][] = [];
  const gone = new Set<string>();
  const known = new Set<string>();
  return {
    heard: (process: string, members: ReadonlySet<number>) => void heard.push([process, [...members]]),
    checked: (isGone: (process: string) => boolean) => {
      for (const process of known) if (isGone(process)) gone.add(process);
    },
    log: heard,
    gone,
    known,
  };
};

test('a process with members says so every 2.5 s, and at once that one has left', t => {
  const { clock, texts, start } = rig();
  const { presence } = start();
  clock.advance(10_000);
  t.deepEqual(texts, []);
  presence.add(7);
  presence.add(8);
  clock.advance(1);
  clock.advance(5000);
  const said = (members: number[]) => JSON.stringify({ process: presence.process, members });
  t.deepEqual(texts, [said([7]), said([7, 8]), said([7, 8])]);
  presence.remove(7);
  presence.remove(7);
  clock.advance(1);
  t.is(texts.at(-1), said([8]));
  presence.remove(8);
  clock.advance(1);
  t.is(texts.at(-1), said([]));
  const { length } = texts;
  clock.advance(60_000);
  t.is(texts.length, length);
  t.is(clock.timers, 0);
});

test('who leads hears the others, and notices who is silent', t => {
  const { clock, hub, start } = rig();
  const [here, there] = [start(), start()];
  there.presence.add(3);
  const watching = watcher();
  watching.known.add(there.presence.process).add('never heard');
  const stop = here.presence.watch(watching);
  clock.advance(3000);
  t.deepEqual(watching.log.at(-1), [there.presence.process, [3]]);
  t.deepEqual([...watching.gone], []);
  there.presence.down();
  clock.advance(GONE_MS + 5000);
  t.deepEqual([...watching.gone].sort(), [there.presence.process, 'never heard'].sort());
  for (const text of ['', '7', 'null', '{"process":7,"members":[]}', '{"process":"a"}']) hub.connect().broadcast(text);
  const { length } = watching.log;
  clock.advance(1);
  t.is(watching.log.length, length);
  stop();
  there.presence.up(there.end);
  clock.advance(6000);
  t.is(watching.log.length, length);
  there.presence.down();
  t.is(clock.timers, 0);
});

test('after an interruption all have time to be heard again', t => {
  const { clock, start } = rig();
  const [here, there] = [start(), start()];
  there.presence.add(3);
  const watching = watcher();
  watching.known.add(there.presence.process);
  here.presence.watch(watching);
  clock.advance(3000);
  here.presence.down();
  clock.advance(60_000);
  here.presence.up(here.end);
  clock.advance(5000);
  t.deepEqual([...watching.gone], []);
  here.presence.down();
  there.presence.down();
});
