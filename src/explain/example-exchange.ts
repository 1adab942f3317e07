/** Turns an example into an exchange: a client's request and the origin's answer. */

import { createHmac } from 'node:crypto';
import type { Config } from '../config/config.ts';
import type { ExampleAnswer, ExampleFile, ExampleRequest, Person } from '../config/examples/example.ts';
import type { EpochMs } from '../kit/time.ts';
import { flaskSigningKey } from '../policy/identity/flask-session.ts';
import { readAsked, type AskedResult } from '../proxy/exchange/asked-request.ts';
import type { DryAnswer } from './dry-run.ts';

export type Sender = {
  readonly request: ExampleRequest;
  readonly cookies?: Person['cookies'];
  readonly fields?: Person['fields'];
  readonly at: EpochMs;
};

const nobody: Person = { session: undefined, cookies: [], fields: [] };
const personOf = ({ people }: ExampleFile, name: string | undefined): Person =>
  (name === undefined ? undefined : people.get(name)) ?? nobody;

/** The request as the proxy reads it. Its session was signed a minute earlier. */
export function exampleRequest(config: Config, file: ExampleFile, sender: Sender): AskedResult {
  const { request, cookies = [], fields = [], at } = sender;
  const person = personOf(file, request.as);
  const session = person.session && [sessionCookie(config, person.session, at - 60_000)];
  const sent = [...(session ?? []), ...person.cookies, ...cookies].map(([name, value]) => `${name}=${value}`);
  const line = sent.length === 0 ? [] : ['Cookie', sent.join('; ')];
  const asked = {
    method: request.method,
    url: request.url,
    fields: [...line, ...[...person.fields, ...fields].flat()],
    host: file.host,
  };
  return readAsked(asked, { hosts: undefined, trustedProxies: config.listen.trustedProxies });
}

/** The origin's answer. Without a body in the example, it has one long enough for every `smaller_than`. */
export function exampleAnswer(
  config: Config,
  file: ExampleFile,
  { answer, request, at }: { answer: ExampleAnswer; request: ExampleRequest; at: EpochMs },
): DryAnswer {
  const cookie =
    answer.session === undefined ? [] : ['Set-Cookie', setCookie(config, file, { answer, request, at })];
  const fields = [...answer.fields.flat(), ...cookie];
  const body = answer.size === undefined ? answer.body : 'x'.repeat(answer.size);
  return { status: answer.status, fields, ...(body === undefined ? {} : { body: Buffer.from(body) }) };
}

function setCookie(
  config: Config,
  file: ExampleFile,
  { answer, request, at }: { answer: ExampleAnswer; request: ExampleRequest; at: EpochMs },
): string {
  const owner = answer.session === 'renewed' ? request.as : answer.session;
  const session = answer.session === 'emptied' ? undefined : personOf(file, owner).session;
  if (session === undefined) {
    const name = config.identity.flaskSession?.cookie ?? 'session';
    return `${name}=; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; HttpOnly; Path=/`;
  }
  return `${sessionCookie(config, session, at).join('=')}; HttpOnly; Path=/`;
}

function sessionCookie(
  { identity: { flaskSession } }: Config,
  payload: Readonly<Record<string, unknown>>,
  signedAtMs: number,
): readonly [name: string, value: string] {
  const timestamp = Buffer.alloc(4);
  timestamp.writeUInt32BE(Math.floor(signedAtMs / 1000));
  const signed = `${Buffer.from(JSON.stringify(payload)).toString('base64url')}.${timestamp.toString('base64url')}`;
  const key = flaskSigningKey(flaskSession?.secret ?? '');
  const signature = createHmac('sha1', key).update(signed).digest('base64url');
  return [flaskSession?.cookie ?? 'session', `${signed}.${signature}`];
}
