/**
 * An origin that answers as the running case says, and remembers what arrived.
 *
 * Its time is the proxy's: a clock that only moves when told. All answers but 304s and those to HEAD have a field
 * `Served` with the number of the step they were given in, so that an answer from the store can be told.
 */

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { formatHttpDate } from '../../src/http/http-date.ts';
import type { Fields } from '../../src/http/message.ts';
import { after, type Clock, type EpochMs, epochMs, seconds } from '../../src/kit/time.ts';
import type { OriginAnswer } from './cases/form.ts';
import { fieldsOf, fillIn, type Scene } from './fields-of.ts';

/** When every case begins. */
const start: EpochMs = epochMs(Date.UTC(2025, 0, 15, 12));

/** A clock that stands still between calls of `advance`. */
export class TestClock implements Clock {
  #now = start;

  now(): EpochMs {
    return this.#now;
  }

  monotonicMs(): number {
    return this.#now;
  }

  /** Back to the instant at which cases begin. */
  reset(): void {
    this.#now = start;
  }

  advance(by: number): void {
    this.#now = after(this.#now, seconds(by));
  }
}

/** A request the origin got. */
export type Arrival = {
  readonly step: number;
  readonly method: string;
  readonly target: string;
  readonly fields: Fields;
  readonly body: string;
};

/** What one case makes the origin do; `answer` and `scene` change from step to step. */
export type Script = {
  answer: OriginAnswer;
  scene: Omit<Scene, 'now'>;
  readonly arrivals: Arrival[];
};

export type ScriptedOrigin = {
  readonly port: number;
  /** By the first segment of the path, or by Host. */
  readonly scripts: Map<string, Script>;
  readonly close: () => void;
};

/** Starts an origin on a free port. */
export async function openScriptedOrigin(clock: TestClock): Promise<ScriptedOrigin> {
  const scripts = new Map<string, Script>();
  const server = createServer((message, response) => {
    const [, segment = ''] = (message.url ?? '').split(/[/?]/);
    const script = scripts.get(message.headers.host ?? '') ?? scripts.get(segment);
    if (script === undefined) response.writeHead(421).end();
    else take(script, { message, response, clock });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = (): void => {
    server.close();
    server.closeAllConnections();
  };
  return { port: (server.address() as AddressInfo).port, scripts, close };
}

type Asked = {
  readonly message: IncomingMessage;
  readonly response: ServerResponse;
  readonly clock: TestClock;
};

function take(script: Script, asked: Asked): void {
  const { message } = asked;
  const pieces: Buffer[] = [];
  message.on('data', (piece: Buffer) => pieces.push(piece));
  message.on('end', () => {
    const { method = '', url: target = '', rawHeaders: fields } = message;
    const body = Buffer.concat(pieces).toString('latin1');
    script.arrivals.push({ step: script.scene.step, method, target, fields, body });
    give(script, asked);
  });
}

function give({ answer, scene: given }: Script, { message, response, clock }: Asked): void {
  clock.advance(answer.delay ?? 0);
  const scene = { ...given, now: clock.now() };
  if (answer.breaks === 'before-head') {
    message.socket.destroy();
    return;
  }
  for (const { status, headers } of answer.interim ?? []) {
    message.socket.write(headText(`HTTP/1.1 ${status} Interim`, fieldsOf(headers, scene)));
  }
  const { status = 200 } = answer;
  const hasBody = message.method !== 'HEAD' && status !== 204 && status !== 304;
  const body = Buffer.from(status === 204 ? '' : fillIn(answer.body ?? 'step {step}', scene), 'latin1');
  const fields = headOf(answer, { scene, hasBody, length: status === 304 ? undefined : body.length });
  if (answer.version === '1.0') {
    message.socket.end(
      Buffer.concat([Buffer.from(headText(`HTTP/1.0 ${status} Old`, fields), 'latin1'), body]),
    );
    return;
  }
  response.sendDate = false;
  response.writeHead(status, fields);
  if (answer.breaks === 'in-body') {
    response.write(body.subarray(0, body.length / 2), () => message.socket.destroy());
    return;
  }
  const trailers = fieldsOf(answer.trailers ?? [], scene);
  if (trailers.length > 0) response.addTrailers(pairsOf(trailers));
  response.end(hasBody ? body : undefined);
}

type HeadParts = { readonly scene: Scene; readonly hasBody: boolean; readonly length: number | undefined };

function headOf(answer: OriginAnswer, { scene, hasBody, length }: HeadParts): string[] {
  const fields = fieldsOf(answer.headers ?? [], scene);
  const has = (wanted: string): boolean =>
    fields.some((name, at) => at % 2 === 0 && name.toLowerCase() === wanted);
  if (answer.date !== false && !has('date')) fields.push('Date', formatHttpDate(scene.now));
  if (hasBody || answer.status === 204) fields.push('Served', String(scene.step));
  const isFramed = answer.chunked === true || answer.trailers !== undefined || answer.version === '1.0';
  if (isFramed && answer.version !== '1.0' && hasBody) fields.push('Transfer-Encoding', 'chunked');
  const hasLength = length !== undefined && !isFramed && answer.status !== 204;
  if (hasLength && !has('content-length')) fields.push('Content-Length', String(length));
  return fields;
}

function pairsOf(fields: Fields): [string, string][] {
  return fields.flatMap((name, at) =>
    at % 2 === 0 ? [[name, fields[at + 1] ?? ''] as [string, string]] : [],
  );
}

function headText(startLine: string, fields: Fields): string {
  let text = `${startLine}\r\n`;
  for (let at = 0; at < fields.length; at += 2) text += `${fields[at] ?? ''}: ${fields[at + 1] ?? ''}\r\n`;
  return `${text}\r\n`;
}
