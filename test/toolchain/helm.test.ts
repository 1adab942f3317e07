/**
 * The Helm chart: its templates go through Go's own template engine, and each object they give is one that Kubernetes takes,
 * without a field that it does not know. The templates use nothing that is Helm's alone, so that engine is enough.
 */
import t from 'tap';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse as render } from '@evertdespiegeleer/go-template';
import { ServiceMonitor } from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/ServiceMonitor';
import { Ajv } from 'ajv';
import { Deployment } from 'kubernetes-models/apps/v1/Deployment';
import { HorizontalPodAutoscaler } from 'kubernetes-models/autoscaling/v2/HorizontalPodAutoscaler';
import { NetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1/NetworkPolicy';
import { PodDisruptionBudget } from 'kubernetes-models/policy/v1/PodDisruptionBudget';
import { ConfigMap } from 'kubernetes-models/v1/ConfigMap';
import { Service } from 'kubernetes-models/v1/Service';
import { parse, parseAllDocuments } from 'yaml';
import { parseConfig } from '../../src/config/schema/check.ts';
import { ROOT } from '../architecture/tree.ts';

type Values = Readonly<Record<string, unknown>>;
type Kubernetes = { readonly kind: string } & Values;
type Model = { readonly prototype: { validate(): void }; readonly apiVersion: string };

const chart = join(ROOT, 'examples', 'helm', 'shelflife');
const read = (file: string): string => readFileSync(join(chart, file), 'utf8');
const models: Readonly<Record<string, Model>> = {
  ConfigMap,
  Deployment,
  HorizontalPodAutoscaler,
  NetworkPolicy,
  PodDisruptionBudget,
  Service,
  ServiceMonitor,
};

const defaults = parse(read('values.yaml')) as Values;
const all: Values = {
  ...defaults,
  upstream: 'http://app.shop.svc:5000',
  rules: '# דפים\ncontent_types:\n  page: { ttl: 60s }\n\troutes: "\\x"\n',
  imagePullSecrets: ['registry', 'other'],
  sharedRedis: true,
  replicas: 3,
  autoscaling: { enabled: true, minReplicas: 2, maxReplicas: 10, targetCPUUtilizationPercentage: 60 },
  disruptionBudget: { enabled: true, minAvailable: 2 },
  resources: { limits: { cpu: 2, memory: '1Gi' } },
  readinessPath: '/healthz',
  networkPolicy: { enabled: true, controlFrom: { team: 'ops', on: 'yes' } },
  serviceMonitor: {
    enabled: true,
    interval: '15s',
    tokenKey: 'READ_TOKEN',
    labels: { release: 'prometheus' },
  },
  podAnnotations: { 'example.org/a': 'true' },
  nodeSelector: { disk: 'ssd' },
};

async function objectsOf(values: Values): Promise<Kubernetes[]> {
  const { version, appVersion } = parse(read('Chart.yaml')) as { version: string; appVersion: string };
  const data = {
    Values: values,
    Release: { Name: 'shop', Service: 'Helm' },
    Chart: { Version: version, AppVersion: appVersion },
  };
  const named = read('templates/_labels.tpl');
  const objects: Kubernetes[] = [];
  for (const file of readdirSync(join(chart, 'templates')).filter((name) => name.endsWith('.yaml'))) {
    for (const document of parseAllDocuments(await render(named + read(`templates/${file}`), data))) {
      if (document.errors.length > 0) throw new Error(`${file}: ${document.errors.join('\n')}`);
      const object = document.toJS() as Kubernetes | null;
      if (object !== null) objects.push(object);
    }
  }
  return objects;
}

/** What is wrong with an object, and the fields of it that its model never asks for. */
function faultsOf(object: Kubernetes): readonly string[] {
  const model = models[object.kind];
  if (model === undefined || model.apiVersion !== object['apiVersion'])
    return [`no model of a ${object.kind}`];
  const faults: string[] = [];
  const watched: { readonly path: string; readonly value: object; readonly read: Set<string> }[] = [];
  const watch = (value: unknown, path: string): unknown => {
    if (typeof value !== 'object' || value === null) return value;
    const read = new Set<string>();
    watched.push({ path, value, read });
    const children = Object.entries(value).map(([key, child]) => [key, watch(child, `${path}.${key}`)]);
    return new Proxy(
      Array.isArray(value) ? children.map(([, child]) => child) : Object.fromEntries(children),
      {
        get: (target, key) => {
          if (typeof key === 'string') read.add(key);
          return Reflect.get(target, key) as unknown;
        },
      },
    );
  };
  try {
    // On the watched object itself: a model that is made of it is a copy.
    model.prototype.validate.call(watch(object, object.kind));
  } catch (error) {
    faults.push(String(error));
  }
  for (const { path, value, read } of watched)
    faults.push(
      ...Object.keys(value)
        .filter((key) => !read.has(key))
        .map((key) => `unknown: ${path}.${key}`),
    );
  return faults;
}

const at = (object: unknown, ...path: readonly (string | number)[]): unknown =>
  path.reduce((value, key) => (value as Values | undefined)?.[key], object);

const contains = (labels: unknown, selected: unknown): boolean =>
  Object.entries(selected as Values).every(([name, value]) => (labels as Values)[name] === value);

for (const [name, values, kinds] of [
  ['as it is delivered', defaults, ['ConfigMap', 'Deployment', 'Service', 'Service']],
  ['with all of it', all, [...Object.keys(models), 'Service']],
] as const) {
  t.test(`the chart ${name}`, async (t) => {
    const objects = await objectsOf(values);
    t.same(objects.map(({ kind }) => kind).toSorted(), kinds.toSorted());
    for (const object of objects) t.same(faultsOf(object), [], object.kind);

    const find = (kind: string): Kubernetes[] => objects.filter((object) => object.kind === kind);
    const pod = at(find('Deployment')[0], 'spec', 'template') as Values;
    const labels = at(pod, 'metadata', 'labels') as object;
    const container = at(pod, 'spec', 'containers', 0) as Values;
    const ports = (at(container, 'ports') as Values[]).map((port) => port['name']);
    t.ok(contains(labels, at(find('Deployment')[0], 'spec', 'selector', 'matchLabels')));
    for (const object of find('Service')) {
      t.ok(contains(labels, at(object, 'spec', 'selector')));
      t.ok(ports.includes(at(object, 'spec', 'ports', 0, 'targetPort')));
    }
    const [rules] = find('ConfigMap');
    t.equal(at(pod, 'spec', 'volumes', 0, 'configMap', 'name'), at(rules, 'metadata', 'name'));
    t.equal(at(rules, 'data', 'shelflife.yaml'), values['rules'], 'the rules arrive as they were written');
    t.ok((at(container, 'args') as string[]).includes('/etc/shelflife/shelflife.yaml'));
    t.ok((at(container, 'args') as string[]).includes(String(values['upstream'])));
    for (const monitor of find('ServiceMonitor')) {
      const wanted = at(monitor, 'spec', 'selector', 'matchLabels') as object;
      const chosen = find('Service').filter((object) => contains(at(object, 'metadata', 'labels'), wanted));
      t.same(
        chosen.map((object) => at(object, 'spec', 'ports', 0, 'name')),
        ['control'],
      );
    }
    const replicas = values === all ? undefined : 1;
    t.equal(at(find('Deployment')[0], 'spec', 'replicas'), replicas, 'or left to the autoscaler');
  });
}

t.test('a field that Kubernetes does not know, or of another type, is found', async (t) => {
  const object = (await objectsOf(defaults)).find(({ kind }) => kind === 'Service') ?? { kind: 'none' };
  const spec = at(object, 'spec') as Values;
  t.same(faultsOf({ ...object, spec: { ...spec, selectr: {} } }), ['unknown: Service.spec.selectr']);
  t.match(faultsOf({ ...object, spec: { ...spec, ports: [{ port: 'http' }] } })[0], /must be integer/);
});

t.test('the values: the default rules are valid, and several pods need Redis', (t) => {
  const isValid = new Ajv({ allErrors: true, strictTypes: false }).compile(
    JSON.parse(read('values.schema.json')) as object,
  );
  t.equal(
    parseConfig(String(defaults['rules']), { file: 'rules.yaml', env: {}, upstream: 'http://app' }).kind,
    'ok',
  );
  t.ok(isValid(defaults), JSON.stringify(isValid.errors));
  t.ok(isValid(all), JSON.stringify(isValid.errors));
  t.notOk(isValid({ ...defaults, replicas: 2 }));
  t.notOk(isValid({ ...all, sharedRedis: false }));
  t.notOk(isValid({ ...defaults, replica: 2 }), 'a name that is not known');
  t.end();
});
