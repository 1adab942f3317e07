/** What a browser says when it asks for a page: 14 fields, in a browser's order and spelling. */

/** The fields of a page load, Host included. */
export const browserFields = (host: string): string[] => [
  'Host',
  host,
  'Connection',
  'keep-alive',
  'sec-ch-ua',
  '"Chromium";v="140", "Not=A?Brand";v="24", "Google Chrome";v="140"',
  'sec-ch-ua-mobile',
  '?0',
  'sec-ch-ua-platform',
  '"Linux"',
  'Upgrade-Insecure-Requests',
  '1',
  'User-Agent',
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36',
  'Accept',
  'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8',
  'Sec-Fetch-Site',
  'same-origin',
  'Sec-Fetch-Mode',
  'navigate',
  'Sec-Fetch-User',
  '?1',
  'Sec-Fetch-Dest',
  'document',
  'Accept-Encoding',
  'gzip, deflate, br, zstd',
  'Accept-Language',
  'he-IL,he;q=0.9,en-US;q=0.8,en;q=0.7',
];

/** The bytes of a whole request. */
export function requestText(
  { method, target, fields }: { method: string; target: string; fields: readonly string[] },
  body = '',
): string {
  let text = `${method} ${target} HTTP/1.1\r\n`;
  for (let index = 0; index < fields.length; index += 2)
    text += `${fields[index] ?? ''}: ${fields[index + 1] ?? ''}\r\n`;
  if (body !== '') text += `Content-Length: ${Buffer.byteLength(body)}\r\n`;
  return `${text}\r\n${body}`;
}
