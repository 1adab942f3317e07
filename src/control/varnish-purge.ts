/** `PURGE` and `BAN` as purgers written for Varnish and LiteSpeed send them. */

import type { FastifyRequest } from 'fastify';
import type { RegisterRoutes } from './api.ts';
import { sendProblem } from './problem-answer.ts';
import type { CarryOut, PurgeReceipt } from './purge.ts';
import { banMark } from './unparsed.ts';
import { readVarnish, type VarnishRequest } from './varnish-words.ts';

/** The routes of `PURGE` and `BAN`. */
export function varnishRoutes(purge: CarryOut): RegisterRoutes {
  return (app) => {
    app.addHttpMethod('PURGE', { hasBody: true });
    app.route({
      method: 'PURGE',
      url: '*',
      config: { access: 'purge' },
      handler: async (request, reply) => {
        const read = readVarnish(asSent(request));
        if (read.kind === 'bad') return sendProblem(reply, { status: 400, detail: read.detail });
        const receipts: PurgeReceipt[] = [];
        for (const asked of read.requests) {
          const done = await purge(request, asked);
          if (done.kind === 'bad') return sendProblem(reply, { status: 400, detail: done.detail });
          receipts.push(done.receipt);
        }
        return reply.send(receipts.length === 1 ? receipts[0] : { receipts });
      },
    });
  };
}

function asSent({ url, headers, socket }: FastifyRequest): VarnishRequest {
  const banned = headers[banMark];
  if (typeof banned !== 'string')
    return { method: 'PURGE', url, headers, ownPort: String(socket.localPort ?? '') };
  const [ownPort = '', ...sent] = banned.split(' ');
  return { method: 'BAN', url: sent.join(' '), headers, ownPort };
}
