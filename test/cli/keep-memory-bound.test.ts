import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import t, { type Test } from 'tap';
import { allocator } from '../../src/cli/keep-memory-bound.ts';
import { eventually } from '../helpers/eventually.ts';

const root = join(import.meta.dirname, '..', '..');
const settings = Object.entries(allocator).map(([name, value]) => `${name}=${value}`);

t.test('every shipped way to start `serve` sets the malloc options', (t) => {
  const starts = {
    'the installed command': readFileSync(join(root, 'src', 'cli.ts'), 'utf8').split('\n')[0],
    'the Docker image': readFileSync(join(root, 'Dockerfile'), 'utf8'),
    'the systemd unit': readFileSync(join(root, 'examples', 'systemd', 'shelflife.service'), 'utf8'),
  };
  for (const [name, text] of Object.entries(starts)) {
    for (const setting of settings) t.ok(text?.includes(setting), `${name}: ${setting}`);
  }
  // Older kernels read no more of the first line than this.
  t.ok((starts['the installed command']?.length ?? 0) < 127);
  t.end();
});

const pick = (...names: readonly string[]): NodeJS.ProcessEnv =>
  Object.fromEntries(names.map((name) => [name, process.env[name]]));

/** Starts `serve`, and resolves with its log once it serves, and what the kernel says of the process. */
async function started(t: Test, malloc: Readonly<Record<string, string>>) {
  const command = [join(root, 'src', 'cli.ts'), 'serve', '--upstream', 'http://127.0.0.1:1'];
  const args = [...command, '--listen', '127.0.0.1:0', '--control', '127.0.0.1:0'];
  const env = { ...pick('PATH', 'NODE_COMPILE_CACHE'), ...malloc };
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'inherit'] });
  t.teardown(() => child.kill('SIGKILL'));
  const lines = createInterface(child.stdout);
  const log: string[] = [];
  lines.on('line', (line) => log.push(line));
  await eventually('it serves', () => log.some((line) => line.includes('control listening')));
  const running = (what: string): string[] =>
    readFileSync(`/proc/${String(child.pid)}/${what}`, 'utf8')
      .split('\0')
      .slice(0, -1);
  t.strictSame(running('cmdline'), [process.execPath, ...args]);
  t.strictSame(
    running('environ').filter((one) => !/^(PATH|NODE_COMPILE_CACHE)=/.test(one)),
    Object.entries(malloc).map(([name, value]) => `${name}=${value}`),
  );
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  t.strictSame(await exited, [0, null]);
  return log.join('\n');
}

t.test('the started process is the one that serves', async (t) => {
  t.notMatch(await started(t, allocator), /MALLOC_ARENA_MAX/);
});

t.test('without the malloc options too, with a warning that memory has no bound', async (t) => {
  t.match(await started(t, {}), /"level":40.*MALLOC_ARENA_MAX is not set/);
});

/** What a script prints in a process of its own that keeps the bound. */
async function printed(script: string): Promise<string> {
  const file = join(root, 'src', 'cli', 'keep-memory-bound.ts');
  const imports = `
    import { getHeapSpaceStatistics, getHeapStatistics } from 'node:v8';
    import { growYoung, keepMemoryBound } from ${JSON.stringify(file)};
    keepMemoryBound();`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', imports + script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [said] = (await once(child.stdout, 'data')) as [Buffer];
  return said.toString();
}

t.test('the young generation grows to 8 MB, and no further', async (t) => {
  const said = await printed(`
    const letGrow = growYoung();
    let kept = [];
    for (let at = 0; at < 400_000; at += 1) {
      kept.push({ at: [at] });
      if (kept.length > 30_000) kept = [];
      if (at % 1000 === 0) letGrow();
    }
    console.log(getHeapSpaceStatistics().find((space) => space.space_name === 'new_space').space_size);`);
  t.equal(Number(said), 8 * 1024 * 1024);
});

t.test('what the compiler needed is freed while the process is busy', async (t) => {
  const said = await printed(`
    const line = (at) => \`s = (s * \${at + 3} + o.a\${at % 5} + (s & \${at} ? o.a1 : o.a2)) | 0;\`;
    const lines = Array.from({ length: 20 }, (_, at) => line(at)).join('');
    const all = Array.from({ length: 200 }, (_, at) => new Function('o', \`let s = \${at}; \${lines} return s;\`));
    const o = { a0: 1, a1: 2, a2: 3, a3: 4, a4: 5 };
    for (let round = 0; round < 3000; round += 1) for (const one of all) one(o);
    console.log(getHeapStatistics().peak_malloced_memory);`);
  // It is 11 MB, and 94 if V8's threads free it.
  t.ok(Number(said) < 48 * 1024 * 1024, said);
});
