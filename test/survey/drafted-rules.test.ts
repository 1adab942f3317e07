/**
 * Three real frameworks: people use a small app through shelflife, which records; rules are drafted; people use it again by these
 * rules, and everything is compared with what the app says itself.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import pino from 'pino';
import t, { type Test } from 'tap';
import { parseConfig } from '../../src/config/schema/check.ts';
import type { Config } from '../../src/config/config.ts';
import { startServer } from '../../src/server.ts';
import { readLogLine } from '../../src/survey/access-log.ts';
import type { Draft } from '../../src/survey/draft.ts';
import { rulesText } from '../../src/survey/draft-yaml.ts';
import { survey } from '../../src/survey/survey.ts';
import { closeProxy } from '../helpers/close-proxy.ts';

type App = { readonly url: string; readonly process: ChildProcess };

async function startApp(t: Test, name: string): Promise<App> {
  const file = join(import.meta.dirname, '..', 'helpers', 'apps', `${name}-app.mjs`);
  const child = spawn(process.execPath, [file], { stdio: ['ignore', 'pipe', 'inherit'] });
  t.teardown(() => child.kill());
  const [port] = (await once(child.stdout, 'data')) as [Buffer];
  return { url: `http://127.0.0.1:${port.toString().trim()}`, process: child };
}

async function startProxy(t: Test, rules: string, record?: (line: string) => void): Promise<string> {
  const parsed = parseConfig(rules, { file: 'rules.yaml', env: {}, listen: '127.0.0.1:0' });
  if (parsed.kind === 'problems') throw new Error(JSON.stringify(parsed.problems));
  const config: Config = parsed.config;
  const proxy = await startServer({ config, log: pino({ level: 'silent' }), control: 'off', record });
  t.teardown(() => closeProxy(proxy));
  return proxy.url;
}

/** Keeps its cookies, and compares what it gets by `url` with what the app gives. */
class Person {
  readonly #cookies = new Map<string, string>();
  readonly #url: string;
  readonly #app: string;
  readonly wrong: string[] = [];
  hits = 0;

  constructor(url: string, app: string) {
    this.#url = url;
    this.#app = app;
  }

  async look(target: string): Promise<void> {
    const shown = await this.#ask(this.#url, 'GET', target);
    const right = await this.#ask(this.#app, 'GET', target);
    if (/shelflife; hit/.test(shown.status)) this.hits += 1;
    if (shown.body !== right.body && target !== '/now')
      this.wrong.push(`${target}: ${shown.body}, not ${right.body}`);
  }

  async post(target: string, value: Record<string, string>): Promise<void> {
    await this.#ask(this.#url, 'POST', target, value);
  }

  async #ask(url: string, method: string, target: string, value?: Record<string, string>) {
    const cookie = [...this.#cookies].map(([name, text]) => `${name}=${text}`).join('; ');
    const response = await fetch(url + target, {
      method,
      redirect: 'manual',
      headers: { ...(cookie === '' ? {} : { cookie }), 'content-type': 'application/json' },
      ...(value === undefined ? {} : { body: JSON.stringify(value) }),
    });
    for (const line of response.headers.getSetCookie()) {
      const [pair = ''] = line.split(';');
      const [name = '', ...text] = pair.split('=');
      this.#cookies.set(name, text.join('='));
    }
    return { body: await response.text(), status: response.headers.get('cache-status') ?? '' };
  }
}

const turns = 12;

/** Three people and a visitor, taking turns. */
async function use(url: string, app: string, round: string): Promise<readonly Person[]> {
  const people = ['dana', 'omer', 'pia'].map(() => new Person(url, app));
  const visitor = new Person(url, app);
  for (const [index, person] of people.entries()) await person.post('/login', { user: `${round}-${index}` });
  for (let turn = 0; turn < turns; turn += 1) {
    await visitor.look('/about');
    for (const person of people) {
      for (const page of ['/list', `/items/${turn % 2}`, '/profile', '/about', '/now'])
        await person.look(page);
      await person.post('/seen', { place: String(turn) });
      if (turn % 4 === 3) await person.post('/items', { text: `${round}-${turn}` });
    }
  }
  return people;
}

const named = (draft: Draft): Readonly<Record<string, string>> =>
  Object.fromEntries(draft.types.map(({ pattern, scope }) => [pattern, scope]));

for (const [name, framework] of [
  ['express', 'Express'],
  ['koa', 'Koa'],
  ['hapi', undefined],
] as const)
  t.test(
    `rules drafted for an app of ${name}, unedited: hits, and nobody gets what the app would not give`,
    async (t) => {
      const app = await startApp(t, name);
      const lines: string[] = [];
      const shadow = await startProxy(t, `upstream: ${app.url}\nmode: shadow\n`, (line) => lines.push(line));
      await use(shadow, app.url, 'first');
      const draft = survey(
        lines.map((line) => readLogLine(line)).filter((read) => read !== undefined),
        [],
      );
      t.equal(draft.roles.framework, framework);
      t.match(named(draft), {
        '/list': 'user',
        '/items/:id': 'user',
        '/profile': 'user',
        '/about': 'public',
      });
      t.match(draft.passed, [{ pattern: '/now', why: 'another page each time' }]);
      t.match(
        draft.writes.find(({ only }) => only !== undefined),
        { kind: { pattern: '/seen' }, only: 'json:/place', own: [], everybodys: [] },
        'a beacon ends nothing',
      );
      const wide = draft.writes.find(({ kind }) => kind.pattern === '/items');
      t.ok(wide?.own === 'all' || wide?.own.includes('list'), 'an item ends the list');

      const rules = rulesText({ draft, upstream: app.url, from: 'a test' });
      const people = await use(await startProxy(t, rules), app.url, 'second');
      t.same(
        people.flatMap(({ wrong }) => wrong),
        [],
      );
      const hits = people.reduce((sum, person) => sum + person.hits, 0);
      const looks = turns * 5 * people.length;
      t.ok(hits >= looks / 2, `${hits} hits of ${looks}, of which a fifth can be none`);
      t.notMatch(lines.join(''), /first-0|for-tests/, 'the record has no name and no secret in it');
    },
  );
