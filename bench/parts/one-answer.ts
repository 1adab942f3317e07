/** One answer of a server, with its fields as they came, but for those that node:http adds by itself. */
import { request as ask } from 'node:http';
import type { Answer } from './plain-server.ts';

/** Asks on a connection of its own. */
export function oneAnswer(url: string, target: string, headers: readonly string[]): Promise<Answer> {
  const byNode = new Set(['connection', 'keep-alive']);
  return new Promise((resolve, reject) => {
    const sent = ask(`${url}${target}`, { headers, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        const fields = response.rawHeaders.filter(
          (_, at, all) => !byNode.has((all[at - (at % 2)] ?? '').toLowerCase()),
        );
        resolve({ status: response.statusCode ?? 0, fields, body: Buffer.concat(chunks).toString('latin1') });
      });
    });
    sent.on('error', reject);
    sent.end();
  });
}

/** Whether it says that it came from the store. */
export function isStored({ status, fields }: Answer): boolean {
  return status === 200 && fields.some((text) => text.startsWith('shelflife; hit'));
}
