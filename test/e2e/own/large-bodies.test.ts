/** Many large bodies at once, to clients that read slowly or not at all: the process stays within its memory bound. */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { Agent, request, type IncomingMessage } from 'node:http';
import t from 'tap';
import { eventually } from '../../helpers/eventually.ts';
import { askSite, siteHost, startOrigin } from '../../helpers/instances.ts';
import { startServing } from '../../helpers/serving.ts';

const memoryMb = 16;
const pageBytes = 2_000_000;
const clients = 80;

const rules = (upstream: string): string => `
upstream: { url: "${upstream}" }
store: { memory: ${memoryMb}MB }
content_types:
  picture: { ttl: 600s, scope: public, cache_control: override }
routes:
  - { match: GET /p/:id, type: picture }
`;

const residentMb = (pid: number): number =>
  Number(execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' })) / 1024;

/** What is not in use any more may take a moment to be given back. */
const staysWithin = (pid: number): Promise<number> =>
  eventually('it is within its bound', () => residentMb(pid) < memoryMb + 150);

/** Asks for a page and pauses its answer. */
async function asked(url: string, agent: Agent | false): Promise<IncomingMessage> {
  const sent = request(url, { agent, headers: { host: siteHost } });
  sent.end();
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  return response.pause();
}

async function sizeOf(answer: IncomingMessage): Promise<number> {
  let size = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) size += chunk.length;
  return size;
}

async function serving(t: Parameters<typeof startOrigin>[0]) {
  const origin = await startOrigin(t);
  const page = Buffer.alloc(pageBytes, 'x');
  origin.answerWith((_request, response) => {
    response.writeHead(200, { 'content-type': 'image/webp', 'content-length': pageBytes }).end(page);
  });
  return { origin, ...(await startServing(t, rules(origin.url))) };
}

t.test('clients that stop reading do not exhaust memory', async (t) => {
  const { site, pid } = await serving(t);
  const answers = await Promise.all(
    Array.from({ length: clients }, (_, at) => asked(`${site}/p/${at}`, false)),
  );
  await staysWithin(pid);
  const sizes = await Promise.all(answers.map(sizeOf));
  t.ok(
    sizes.every((size) => size === pageBytes),
    'each gets all of it when it reads on',
  );
  await askSite(`${site}/p/again`);
  t.match((await askSite(`${site}/p/again`)).fate, /^hit/, 'and what comes next is stored');
});

t.test('idle connections keep nothing of their last answer in memory', async (t) => {
  const { site, pid, origin } = await serving(t);
  for (let first = 0; first < clients; first += 20) {
    // So many connections stay open, each for the answer it had last; the next have their own.
    const agent = new Agent({ keepAlive: true });
    t.teardown(() => agent.destroy());
    const all = Array.from({ length: 20 }, async (_, at) =>
      sizeOf(await asked(`${site}/p/${first + at}`, agent)),
    );
    for (const size of await Promise.all(all)) if (size !== pageBytes) t.fail('it is whole');
  }
  t.ok(origin.seen.length >= clients);
  await staysWithin(pid);
});
