/** The type of an address to listen on or to connect to. */

/** IPv6 is without brackets; port 0 lets the system choose. */
export type Address = { readonly host: string; readonly port: number };

/** An address to listen on. */
export type ListenAddress = Address & {
  /** A Unix socket instead; `host` and `port` are then how its site is called on this machine. */
  readonly path?: string | undefined;
  /** The sockets that systemd passes instead; `host` and `port` as with a Unix socket. */
  readonly systemd?: true | undefined;
};

/** The address of every client of a Unix socket, as nginx calls it. */
export const unixPeer = 'unix:';

/** The path of `unix:/PATH`, as nginx and gunicorn write the address of a Unix socket; `undefined` for any other address. */
export const unixPathOf = (written: string): string | undefined => /^unix:(\/.*)$/.exec(written)?.[1];

/** An origin's URL as HTTP has it: behind a Unix socket the host is `localhost`, as with nginx. */
export const httpUrlOf = (url: string): URL =>
  new URL(unixPathOf(url) === undefined ? url : 'http://localhost');
