/** The baseline of TLS: node:http2's server, which writes the same fields and bytes to everybody, over HTTP/1.1 too. */
import { readFileSync } from 'node:fs';
import { createSecureServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import type { CertificateFiles } from './certificate.ts';
import { argument, serveParent } from './child.ts';
import type { Answer } from './plain-server.ts';

const { cert, key, answer } = argument() as CertificateFiles & { answer: Answer };
const bytes = Buffer.from(answer.body, 'latin1');
const fields = [...answer.fields];
const server = createSecureServer(
  { cert: readFileSync(cert), key: readFileSync(key), allowHTTP1: true },
  (_request, response) => {
    response.writeHead(answer.status, fields);
    response.end(bytes);
  },
);
server.listen(0, '127.0.0.1', () => {
  serveParent(`https://127.0.0.1:${(server.address() as AddressInfo).port}`);
});
