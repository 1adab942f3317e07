/**
 * TLS in front of HTTP: takes a connection, makes it secure, and tells which protocol was agreed on (ALPN, RFC 7301).
 *
 * Promises: a client that does not finish its handshake in time is cut off, and so is the one that has waited longest where
 * too many are under way; each failure is told once; new certificates hold for new connections and end none; the key of the
 * session tickets is replaced regularly, because whoever has it can read what was sent under it (RFC 9325 §3.4).
 */

import type { Socket } from 'node:net';
import { createServer, type Server, type TLSSocket, type TlsOptions } from 'node:tls';
import type { ListenTls } from '../config/config.ts';
import { type Certificates, readCertificates } from './certificates.ts';
import { handshakeFailure, type HandshakeFailure } from './handshake-failure.ts';
import { TicketSecret } from './ticket-secret.ts';

export type TlsFrontOptions = {
  readonly tls: ListenTls;
  /** What is offered to a client that asks, best first. */
  readonly protocols: readonly string[];
  readonly onFailure: (reason: HandshakeFailure) => void;
  /** The workers' common one; absent: this front makes its own, and replaces it. */
  readonly ticketSecret?: TicketSecret | undefined;
  readonly bounds?: TlsBounds;
};

export type TlsBounds = {
  readonly handshakeMs: number;
  /** Handshakes under way at once. */
  readonly handshakes: number;
  /** How long one key for session tickets is used. */
  readonly ticketKeyMs: number;
};

export const tlsBounds: TlsBounds = { handshakeMs: 15_000, handshakes: 2048, ticketKeyMs: 3_600_000 };

export type OnSecure = (secure: TLSSocket) => void;
type Handshake = { readonly carrier: Socket; readonly onSecure: OnSecure };

/** Whether other certificates have taken the place of those before. */
export type Replaced = { readonly kind: 'replaced' } | { readonly kind: 'refused'; readonly reason: string };

/** Opens the front; throws an error with the reason if the files cannot be used. */
export async function openTlsFront(options: TlsFrontOptions): Promise<TlsFront> {
  const read = await readCertificates(options.tls);
  if (read.kind === 'refused') throw new Error(`listen.tls: ${read.reason}`);
  return new TlsFront(options, read.certificates);
}

/** The handshakes of one listener. */
export class TlsFront {
  readonly #options: TlsFrontOptions;
  readonly #bounds: TlsBounds;
  readonly #server: Server;
  readonly #ticketSecret: TicketSecret;
  readonly #stopRotating: (() => void) | undefined;
  /** Handshakes under way, the oldest first. */
  readonly #underWay = new Map<string, Handshake>();
  #certificates: Certificates;
  /** How many were ended that will yet be told as clients that left. */
  #crowdedOut = 0;

  constructor(options: TlsFrontOptions, certificates: Certificates) {
    const { tls, protocols, ticketSecret, bounds = tlsBounds } = options;
    this.#options = options;
    this.#bounds = bounds;
    this.#certificates = certificates;
    this.#ticketSecret = ticketSecret ?? new TicketSecret();
    this.#server = createServer({
      ...this.#secureContext(),
      // RFC 7301 §3.2: a client that speaks none of these is refused, so no other protocol's bytes are read as HTTP.
      ALPNProtocols: [...protocols],
      handshakeTimeout: bounds.handshakeMs,
      requestCert: tls.ca !== undefined,
      rejectUnauthorized: tls.ca !== undefined,
      SNICallback: (name, done) => {
        done(null, this.#certificates.contextFor(name));
      },
    });
    this.#server.on('secureConnection', (secure) => {
      this.#finish(secure);
    });
    this.#server.on('tlsClientError', (error, secure) => {
      this.#fail(error, secure);
    });
    this.#ticketSecret.onReplaced(() => {
      this.#server.setTicketKeys(this.#ticketSecret.keysFor(this.#certificates.fingerprint));
    });
    if (ticketSecret === undefined) this.#stopRotating = this.#ticketSecret.rotate(bounds.ticketKeyMs);
  }

  /** Takes a connection whose next bytes are a handshake; `onSecure` gets the one that it becomes. */
  take(carrier: Socket, onSecure: OnSecure): void {
    const peer = peerOf(carrier);
    if (this.#underWay.size >= this.#bounds.handshakes) this.#dropOldest();
    this.#underWay.set(peer, { carrier, onSecure });
    carrier.on('error', () => carrier.destroy());
    carrier.once('close', () => {
      if (this.#underWay.get(peer)?.carrier === carrier) this.#underWay.delete(peer);
    });
    this.#server.emit('connection', carrier);
  }

  /** Reads the files again, these or others. If they are refused, those before stay in force. */
  async replace(tls: ListenTls): Promise<Replaced> {
    const read = await readCertificates(tls);
    if (read.kind === 'refused') return read;
    this.#certificates = read.certificates;
    this.#server.setSecureContext(this.#secureContext());
    return { kind: 'replaced' };
  }

  close(): void {
    this.#stopRotating?.();
  }

  /** A session that was made under other certificates, or another authority for clients, is not resumed. */
  #secureContext(): TlsOptions {
    const { first, fingerprint } = this.#certificates;
    return { ...first, ticketKeys: this.#ticketSecret.keysFor(fingerprint) };
  }

  #finish(secure: TLSSocket): void {
    const peer = peerOf(secure);
    const handshake = this.#underWay.get(peer);
    this.#underWay.delete(peer);
    if (handshake === undefined) secure.destroy();
    else handshake.onSecure(secure);
  }

  #fail(error: Error, secure: TLSSocket): void {
    // After a timeout Node leaves that to its listener.
    secure.destroy();
    // A certificate that is not accepted ends the connection without an error of its own.
    const isRefused = Boolean(secure.authorizationError);
    const reason = isRefused ? 'client-certificate' : handshakeFailure(error);
    if (reason === 'gone' && this.#crowdedOut > 0) this.#crowdedOut -= 1;
    else this.#options.onFailure(reason);
  }

  /** Who has waited longest is most likely one that does not mean to finish. */
  #dropOldest(): void {
    const [oldest] = this.#underWay;
    if (oldest === undefined) return;
    const [peer, { carrier }] = oldest;
    this.#underWay.delete(peer);
    this.#crowdedOut += 1;
    this.#options.onFailure('crowded-out');
    carrier.destroy();
  }
}

/** Names a connection while it lasts: `tls.Server` does not tell which one a secure connection is carried by. */
const peerOf = ({ remoteAddress, remotePort, localAddress, localPort }: Socket): string =>
  `${remoteAddress ?? ''} ${remotePort ?? ''} ${localAddress ?? ''} ${localPort ?? ''}`;
