/** Configurations that together use every kind of rule that applies to an exchange. */
import { token } from '../control/running-proxy.ts';
import { secret } from '../helpers/flask-site.ts';

/** What tokens are signed with. */
export const jwtSecret = 'a shared secret of at least 32 characters';

const types = `
content_types:
  home: { scope: user, ttl: 60s, cache_control: override, tags: ["home:{user}", "page:{id}"] }
  own:
    { scope: user, ttl: 60s, vary: { cookies: [theme], headers: [accept-language] }, query: { ignore: [utm_*], cut: { v: "." } }, stale_while_revalidate: 30s, stale_if_error: 60s }
  shared:
    scope: public
    cache_control: override
    tags: ["shared:{id}", "lang:{query.lang}", "of:{header.x-owner}"]
    query: { only: [page, lang] }
    statuses: { 200: 90s, 404: 40s }
    unless: { response_header: { x-error: "1" }, json: { /ok: false }, body_contains: sorry, smaller_than: 2B }
    etag: true
  stripped: { scope: public, set_cookie: strip, ttl: 5m, min: 10s, max: 45s, ordered: true, client_reload: ignore }
  kept: { scope: public, stale_if_error: 10m, vary: { cookies: [theme] } }
routes:
  - { match: "GET /shared/*", when: { query: [no_cache] }, type: pass }
  - { match: "GET /home/:id", type: home }
  - { match: "GET /own/:id", type: own, tags: ["own:{id}"] }
  - { match: "GET /shared/:id", type: shared }
  - { match: "GET /stripped/:id", type: stripped }
  - { match: "GET /kept/:id", when: { request_header: { x-client: app } }, type: home }
  - { match: "GET /kept/:id", type: kept }
  - { match: "GET /never/*", type: pass }
writes:
  - { match: "POST /home/:id", invalidate: ["page:{id}", "home:{user}"] }
  - { match: ["PUT /shared/:id", "DELETE /shared/:id"], invalidate: ["shared:{id}"] }
  - { match: "GET /logout/:id", invalidate: ["user:{user}", "own:{id}"] }
  - { match: "POST /kept/:id", invalidate: [] }
`;

const factors = `
ttl:
  jitter: 0.1
  min: 20s
  max: 10m
  time_zone: Asia/Jerusalem
  hours:
    - { name: day, from: "08:00", to: "20:00", factor: 0.7 }
    - { name: night, from: "20:00", to: "08:00", factor: 1.5 }
  factors:
    - { name: favorite, factor: 1.5, when: { response_header: { x-is-favorite: "true" } } }
    - { name: fresh, factor: 0.5, when: { modified_within: 1h } }
    - { name: popular, factor: 2, when: { access: high } }
    - { name: app, factor: 1.2, when: { request_header: { x-client: app } } }
    - { name: first-page, factor: 0.8, when: { query: { page: "1" } } }
    - { name: missing, factor: 0.5, when: { status: [404, 410] } }
    - { name: large, factor: 3, when: { larger_than: 100B } }
    - { name: premium, factor: 0.7, when: { claim: { user_data.is_premium: false } } }
    - { name: good, factor: 1.1, when: { json: { /ok: true } } }
  popular: { requests: 2, per: 1h }
`;

/** A configuration for each way to tell who is asking, with what else differs between installations. */
export const configurations: Readonly<Record<string, string>> = {
  'a session with its secret, and a token': `
control: { token: ${token} }
store: { max_object: 2KiB }
identity:
  credentials: [session, remember_me]
  flask_session: { cookie: session, secret: "${secret}", user_claim: user_id }
  jwt: { header: x-token, secret: "${jwtSecret}" }
${factors}${types}`,
  'sessions that are learned': `
control: { token: ${token} }
store: { max_object: 2KiB, memory: 1MiB, compress: false }
identity: { credentials: [session, remember_me], flask_session: { cookie: session } }
listen: { address: "127.0.0.1:0", hosts: [site.test, "*.site.test"] }
unmatched_writes: { url: true, user: false }
${types}`,
  'every cookie counts, and nothing unmatched is stored': `
control: { token: ${token} }
store: { max_object: 2KiB }
ttl: { jitter: 0 }
unmatched: pass
unmatched_writes: { url: false, user: true }
purge: { refill: false }
${types}`,
};
