/** Names of fields and methods, as they are written and as they are compared. */

// RFC 9110 §5.6.2: token
const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/** Whether this can be a field's or a method's name (RFC 9110 §5.6.2, token). */
export const isToken = (written: string): boolean => token.test(written);

/**
 * A field's name as an application may see it: lower case, `-` for everything but letters and digits. CGI and WSGI
 * servers give an application `X.Forwarded.Host`, `X_Forwarded_Host` and `X-Forwarded-Host` under one name.
 */
export const foldFieldName = (name: string): string => name.toLowerCase().replaceAll(/[^a-z0-9]/g, '-');
