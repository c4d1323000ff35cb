// Which plot shows which bench.

import { failover } from '../failover.js';
import { fanOut } from '../fan-out.js';
import { idle } from '../idle.js';
import { invoke } from '../invoke.js';
import { scale } from '../scale.js';
import type { Bench } from '../support/bench.js';
import type { Result } from '../support/results.js';
import { ratioOf, spreadOf } from '../support/samples.js';
import { BASE } from '../support/tables.js';
import { dotPlot } from './dots.js';
import { barPanels, linePanels } from './panels.js';

type Plot = (result: Result) => string;

/** By the name of the bench, which is the file's. */
export const PLOTS: Readonly<Record<string, Plot>> = {
  [invoke.name]: result => {
    const entries = entriesOf(result).filter(entry => entry !== BASE);
    return dotPlot({
      title: 'Round trips from a follower to the leader, beside cluster-client',
      subtitle: `dot: median; line: lowest to highest round; mark: what is wanted. ${runOf(result)}`,
      axis: 'times the round trips a second of cluster-client',
      rows: invoke.cases.map(({ title }) => title),
      entries,
      scale: 'log',
      baseLine: 1,
      spreadOf: (row, entry) => ratioOf(result.samples, invoke.cases[row]!.name, entry, BASE, 'perSecond'),
      targetOf: (row, entry) => {
        const targets: Readonly<Record<string, number>> | undefined = invoke.cases[row]!.targets;
        return targets?.[entry];
      },
    });
  },
  [fanOut.name]: result =>
    dotPlot({
      title: 'One topic, subscribers in 8 workers',
      subtitle: `dot: median; line: lowest to highest round. ${runOf(result)}`,
      axis: 'values delivered a second, all subscribers together',
      rows: fanOut.cases.map(({ title }) => title),
      entries: entriesOf(result),
      scale: 'log',
      spreadOf: (row, entry) => spreadOf(result.samples, fanOut.cases[row]!.name, entry, 'perSecond'),
    }),
  [failover.name]: result => {
    const rows = failover.cases.flatMap(({ name, title }) => [
      { name, title: `${title}: first call`, figure: 'callMs' },
      { name, title: `${title}: first value`, figure: 'valueMs' },
    ]);
    return dotPlot({
      title: 'Until the slowest of three workers is served by the next leader',
      subtitle: `dot: median; line: shortest to longest. ${runOf(result)}`,
      axis: 'ms',
      rows: rows.map(({ title }) => title),
      entries: entriesOf(result),
      scale: 'value',
      spreadOf: (row, entry) => spreadOf(result.samples, rows[row]!.name, entry, rows[row]!.figure),
    });
  },
  [scale.name]: result =>
    linePanels({
      title: 'A larger cluster, 16 calls in flight from each follower',
      subtitle: `medians. ${runOf(result)}`,
      entries: entriesOf(result),
      categories: scale.cases.map(({ name }) => name),
      categoriesName: 'workers',
      panels: [
        panel(result, scale, 'perSecond', 'round trips a second, together'),
        panel(result, scale, 'cpuUs', 'CPU µs a call, all processes'),
        panel(result, scale, 'primaryCpuUs', "CPU µs a call, the primary's"),
      ],
    }),
  [idle.name]: result =>
    barPanels({
      title: 'Eight workers with nothing to do',
      subtitle: `medians of ${result.rounds} windows of ${result.ms / 1000} s, extrapolated to a minute. ${runOf(result)}`,
      entries: entriesOf(result),
      panels: [
        panel(result, idle, 'cpuMs', 'CPU ms a minute, all processes'),
        panel(result, idle, 'writtenKB', 'kB written a minute, all processes'),
      ],
    }),
};

const panel = ({ samples }: Result, { cases }: Bench, figure: string, title: string) => ({
  title,
  valuesOf: (entry: string) => cases.map(({ name }) => spreadOf(samples, name, entry, figure)?.median),
});

/** In the order in which they were first measured. */
const entriesOf = ({ samples }: Result) => [...new Set(samples.filter(({ round }) => round === 1).map(s => s.entry))];

const runOf = ({ node, cores }: Result) => `Node ${node}, ${cores} cores`;
