/** Writes `Cache-Status` (RFC 9211) and `Proxy-Status` (RFC 9209). The key is never shown. */
import { serializeString } from 'structured-headers';
import type { Seconds } from '../kit/time.ts';

export type ForwardReason =
  'bypass' | 'method' | 'uri-miss' | 'vary-miss' | 'miss' | 'request' | 'stale' | 'partial';

/** `ttl`: the rest of the lifetime in whole seconds, negative when stale (§2.4). `detail`: free text (§2.7). */
export type CacheStatus =
  | { readonly kind: 'hit'; readonly ttl?: Seconds; readonly detail?: string }
  | {
      readonly kind: 'forward';
      readonly fwd: ForwardReason;
      readonly fwdStatus?: number;
      readonly ttl?: Seconds;
      readonly stored?: boolean;
      readonly collapsed?: boolean;
      readonly detail?: string;
    };

export type ProxyErrorType =
  | 'connection_refused'
  | 'destination_ip_unroutable'
  | 'dns_error'
  | 'connection_terminated'
  | 'connection_timeout'
  | 'connection_read_timeout'
  | 'tls_protocol_error'
  | 'tls_certificate_error'
  | 'http_response_incomplete'
  | 'http_response_timeout'
  | 'http_protocol_error';

export const cacheName = 'shelflife';

/** Our member of `Cache-Status`: `shelflife; hit; ttl=37`. */
export function cacheStatusValue(status: CacheStatus): string {
  if (status.kind === 'hit') return `${cacheName}; hit${ttlText(status.ttl)}${detailText(status.detail)}`;
  const fwdStatus = status.fwdStatus === undefined ? '' : `; fwd-status=${status.fwdStatus}`;
  const stored = status.stored === true ? '; stored' : '';
  const collapsed = status.collapsed === true ? '; collapsed' : '';
  const text = `${cacheName}; fwd=${status.fwd}${fwdStatus}${ttlText(status.ttl)}${stored}${collapsed}`;
  return text + detailText(status.detail);
}

/** Our member of `Proxy-Status`: `shelflife; error=connection_refused`. */
export const proxyStatusValue = (error: ProxyErrorType): string => `${cacheName}; error=${error}`;

// Rounded up while positive, so that lifetime, Age and ttl add up; else down, so that stale is never 0.
function ttlText(ttl: Seconds | undefined): string {
  if (ttl === undefined) return '';
  return `; ttl=${ttl > 0 ? Math.ceil(ttl) : Math.floor(ttl)}`;
}

// RFC 9211 §2.7: a Token if possible, else a String. Characters that a String cannot hold become "?".
function detailText(detail: string | undefined): string {
  return detail === undefined || detail === '' ? '' : `; detail=${bareItem(detail)}`;
}

/** A text as a Token if possible, else as a String (RFC 9651). */
export const bareItem = (text: string): string =>
  sfToken.test(text) ? text : serializeString(text.replace(/[^\x20-\x7e]/g, '?'));

const sfToken = /^[a-z*][!#$%&'*+\-.^_`|~:/0-9a-z]*$/i;
