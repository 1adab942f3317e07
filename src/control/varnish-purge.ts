/** `PURGE` and `BAN` as purgers written for Varnish and LiteSpeed send them. */

import type { RegisterRoutes } from './api.ts';
import { sendProblem } from './problem-answer.ts';
import type { CarryOut, PurgeReceipt } from './purge.ts';
import { banMark } from './unparsed.ts';
import { readVarnish } from './varnish-words.ts';

/** The routes of `PURGE` and `BAN`. */
export function varnishRoutes(purge: CarryOut): RegisterRoutes {
  return (app) => {
    app.addHttpMethod('PURGE', { hasBody: true });
    app.route({
      method: 'PURGE',
      url: '*',
      config: { access: 'purge' },
      handler: async (request, reply) => {
        const { headers } = request;
        const banned = headers[banMark];
        const read =
          typeof banned === 'string'
            ? readVarnish({ method: 'BAN', url: banned, headers })
            : readVarnish({ method: 'PURGE', url: request.url, headers });
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
