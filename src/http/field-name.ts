/** Checks and folds the names of fields and methods. */

const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/** Whether this can be a field's or a method's name (RFC 9110 §5.6.2, token). */
export const isToken = (written: string): boolean => token.test(written);

/** Methods that mean something to caches; on the public listener they mean nothing (CONTRACT §4). */
export const cacheMethods: ReadonlySet<string> = new Set([
  'PURGE',
  'BAN',
  'REFRESH',
  'INVALIDATE',
  'CONNECT',
]);

/** A field's name as CGI and WSGI applications may see it: they cannot tell `X_Forwarded_Host` from `X-Forwarded-Host`. */
export function foldFieldName(name: string): string {
  const lower = name.toLowerCase();
  return usual.test(lower) ? lower : lower.replaceAll(/[^a-z0-9]/g, '-');
}

const usual = /^[a-z0-9-]*$/;
