/**
 * What an address is, wherever one is listened on or connected to.
 */

/** A TCP address to listen on or to connect to. IPv6 without brackets; port 0 lets the system choose. */
export type Address = { readonly host: string; readonly port: number };
