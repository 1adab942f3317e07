/** A request that nobody sent, asked about by method, URL and fields: read by the same reader as one from the network. */

import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import type { Fields } from '../../http/message.ts';
import { createReader, type ReaderOptions, type ReadResult } from './client-request.ts';

type AskedRequest = {
  readonly method: string;
  /** A path with its query, or an absolute `http://` or `https://` URL. */
  readonly url: string;
  readonly fields: Fields;
  readonly host: string;
};

/** `not-a-url`: neither a path nor an absolute URL. */
export type AskedResult = ReadResult | { readonly kind: 'not-a-url' };

const absolute = /^(https?):\/\/([^/?#]+)(.*)$/is;

/** Whether a URL names its host. */
export const namesHost = (url: string): boolean => absolute.test(url);

/** Reads the request as it would be read had a client sent it, from this machine. */
export function readAsked({ method, url, fields, host }: AskedRequest, options: ReaderOptions): AskedResult {
  const [, scheme = 'http', authority, rest = url] = absolute.exec(url) ?? [];
  const target = asSent(rest.startsWith('?') || rest === '' ? `/${rest}` : rest);
  if (target === undefined || !target.startsWith('/')) return { kind: 'not-a-url' };
  // Never connected: the reader wants a message, and takes from its socket only whether it is encrypted.
  const socket = new Socket();
  if (scheme.toLowerCase() === 'https') Object.assign(socket, { encrypted: true });
  const message = new IncomingMessage(socket);
  const hasHost = fields.some((name, index) => index % 2 === 0 && name.toLowerCase() === 'host');
  message.rawHeaders = hasHost ? [...fields] : ['Host', authority ?? host, ...fields];
  // Whether two hosts, one in the URL and one beside it, will do, the reader says.
  const isBoth = hasHost && authority !== undefined;
  Object.assign(message, {
    method,
    url: isBoth ? `${scheme}://${authority}${target}` : target,
    httpVersion: '1.1',
    httpVersionMajor: 1,
    httpVersionMinor: 1,
  });
  return createReader(options)(message);
}

/** Clients send what is not ASCII as escaped UTF-8; `undefined` for what is no text. */
export function asSent(target: string): string | undefined {
  try {
    return target.replaceAll(/[^\x00-\x7f]+/g, encodeURIComponent);
  } catch {
    // Half a surrogate pair: no client can send it.
    return undefined;
  }
}
