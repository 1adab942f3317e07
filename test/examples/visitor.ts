/** A visitor of the sample app, directly or through a proxy. */

type Init = { readonly method?: string; readonly body?: string; readonly headers?: Record<string, string> };

/** Asks one site with a cookie jar of one cookie, as a browser would, but follows no redirect. */
export class Visitor {
  readonly #site: string;
  /** `session=…`, as the last answer left it. */
  cookie: string | undefined;

  constructor(site: string) {
    this.#site = site;
  }

  async ask(path: string, init: Init = {}): Promise<Response & { readonly content: string }> {
    const headers = { ...init.headers, ...(this.cookie === undefined ? {} : { cookie: this.cookie }) };
    const response = await fetch(this.#site + path, { ...init, headers, redirect: 'manual' });
    for (const cookie of response.headers.getSetCookie()) {
      const [pair = ''] = cookie.split(';');
      this.cookie = pair === 'session=' ? undefined : pair;
    }
    return Object.assign(response, { content: await response.text() });
  }

  post(path: string, fields: Record<string, string> = {}) {
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    return this.ask(path, { method: 'POST', headers, body: new URLSearchParams(fields).toString() });
  }

  send(method: string, path: string, value: unknown = {}) {
    return this.ask(path, {
      method,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(value),
    });
  }

  async json(path: string): Promise<Record<string, unknown>> {
    return JSON.parse((await this.ask(path)).content) as Record<string, unknown>;
  }

  async logIn(username: string) {
    const response = await this.post('/login', { username, password: 'demo' });
    await this.ask('/settings');
    return response;
  }
}
