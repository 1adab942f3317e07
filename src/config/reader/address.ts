/** The type of an address to listen on or to connect to. */

/** IPv6 is without brackets; port 0 lets the system choose. */
export type Address = { readonly host: string; readonly port: number };
