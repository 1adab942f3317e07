/**
 * The documentation for Prometheus and Grafana uses only what a running proxy exports: every metric and label in the
 * dashboard's expressions, the alert rules and the table of metrics.
 */
import { readFileSync } from 'node:fs';
import { Registry } from 'prom-client';
import t from 'tap';
import { parse } from 'yaml';
import { addWorkerMetrics } from '../../src/watch/show/runtime-metrics.ts';
import { startProxy } from './running-proxy.ts';

const read = (name: string): string => readFileSync(new URL(`../../docs/${name}`, import.meta.url), 'utf8');

type Panel = {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets: readonly { readonly expr: string; readonly refId: string }[];
};
type Board = {
  readonly uid: string;
  readonly schemaVersion: number;
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly { readonly name: string }[] };
};
const board = JSON.parse(read('grafana.json')) as Board;

type Rules = { readonly groups: readonly { readonly rules: readonly { alert: string; expr: string }[] }[] };
const monitoring = read('monitoring.md');
const [, rulesText = ''] = /```yaml\n(groups:[^]*?)```/.exec(monitoring) ?? [];
const rules = (parse(rulesText) as Rules).groups.flatMap((group) => group.rules);

/** Words of PromQL, and labels and series that are Prometheus's own. */
const ofPromQl = new Set(['by', 'without', 'and', 'or', 'unless', 'on', 'ignoring', 'bool', 'offset']);
const ofPrometheus = new Set(['job', 'instance', 'le', 'up']);

type Asked = { readonly metrics: readonly string[]; readonly labels: readonly string[] };

/** The names in an expression: functions are followed by a bracket, labels stand in braces or behind by. */
function namesIn(expr: string): Asked {
  const labels: string[] = [];
  const rest = expr
    .replaceAll(/\b(?:by|without|on|ignoring)\s*\(([^)]*)\)/g, (_all, list: string) => {
      labels.push(...list.split(',').map((name) => name.trim()));
      return '';
    })
    .replaceAll(/\{([^}]*)\}/g, (_all, list: string) => {
      labels.push(...[...list.matchAll(/(\w+)\s*(?:=~|!~|!=|=)/g)].map(([, name = '']) => name));
      return '';
    })
    .replaceAll(/\[[^\]]*\]/g, '');
  const metrics = [...rest.matchAll(/\b([a-z_]\w*)\b(?!\s*\()/gi)].map(([, name = '']) => name);
  return { metrics: metrics.filter((name) => !ofPromQl.has(name)), labels };
}

type Exported = { readonly names: ReadonlySet<string>; readonly labels: ReadonlySet<string> };

/** Families with the series they have, and the labels of all samples. */
function exportedIn(text: string): Exported {
  const names = new Set<string>();
  for (const [, name = '', type] of text.matchAll(/^# TYPE (\S+) (\S+)$/gm)) {
    names.add(name);
    if (type === 'histogram') for (const end of ['bucket', 'sum', 'count']) names.add(`${name}_${end}`);
  }
  const labels = [...text.matchAll(/[{,](\w+)="/g)].map(([, name = '']) => name);
  return { names, labels: new Set(labels) };
}

t.test('every metric and label in the dashboard is exported', async (t) => {
  const running = await startProxy(t, {
    rules: 'alerts: [{ name: low, when: { hit_rate_below: 0.5 } }]',
  });
  for (const path of ['/a', '/a', '/b']) await running.get(path);
  await running.purge({ everything: true });
  const ofWorkers = new Registry();
  addWorkerMetrics(ofWorkers, () => ({ known: 2, ready: 2, replaced: 0 }));
  const own = await (await running.control('/metrics')).text();
  const exported = exportedIn(`${own}\n${await ofWorkers.metrics()}`);
  const exprs = board.panels.flatMap(({ title, targets }) =>
    targets.map(({ expr }) => [title, expr] as const),
  );
  t.ok(exprs.length > 15);
  for (const [what, expr] of [...exprs, ...rules.map(({ alert, expr }) => [alert, expr] as const)]) {
    const { metrics, labels } = namesIn(expr);
    t.ok(metrics.length > 0, what);
    for (const name of metrics) t.ok(exported.names.has(name) || ofPrometheus.has(name), `${what}: ${name}`);
    for (const name of labels) t.ok(exported.labels.has(name) || ofPrometheus.has(name), `${what}: ${name}`);
  }
  const table = [...monitoring.matchAll(/^\| (`(?:cache|shelflife)_[^|]*) \|/gm)];
  const documented = table.flatMap(([, cell = '']) =>
    [...cell.matchAll(/`(\w+)`/g)].map(([, name = '']) => name),
  );
  t.ok(documented.length > 20);
  for (const name of documented) t.ok(exported.names.has(name), `documented: ${name}`);
  const undocumented = [...exported.names].filter(
    (name) =>
      /^(?:cache|shelflife)_/.test(name) &&
      !/_(?:bucket|sum|count)$/.test(name) &&
      !documented.includes(name),
  );
  t.strictSame(undocumented, [], 'every metric is documented');
});

t.test('Grafana can lay out the dashboard', (t) => {
  t.type(board.schemaVersion, 'number');
  t.equal(
    new Set(board.panels.map(({ id }) => id)).size,
    board.panels.length,
    'every panel has an id of its own',
  );
  for (const { title, gridPos, targets } of board.panels) {
    t.ok(gridPos.x + gridPos.w <= 24, `${title} is within the grid`);
    t.equal(new Set(targets.map(({ refId }) => refId)).size, targets.length, title);
  }
  const shared = board.panels
    .flatMap(({ targets }) => targets.map(({ expr }) => expr))
    .filter((expr) => /^sum\b.*shelflife_store_bytes/.test(expr) && !expr.includes('tier="memory"'));
  t.strictSame(shared, [], 'what all instances share in Redis is not added up over them');
  const variables = board.templating.list.map(({ name }) => name);
  const used = [...JSON.stringify(board).matchAll(/\$\{?(\w+)/g)].map(([, name = '']) => name);
  for (const name of new Set(used)) t.ok(variables.includes(name) || name.startsWith('__'), `$${name}`);
  t.end();
});
