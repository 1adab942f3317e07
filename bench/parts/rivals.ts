/**
 * nginx, Varnish and HAProxy as caches in memory, on one core each: everything is kept for an hour; below /user/ each
 * session has a copy of its own; below /export/ nothing is kept. HAProxy's cache cannot tell sessions apart.
 */
import type { RivalKind } from './rival.ts';

/** `over`: what is said beside the address it listens on, and where. */
export const nginxOver = (over = '', more = ''): RivalKind => ({
  name: 'nginx',
  command: 'nginx',
  install: 'apt-get install nginx-light',
  // What it keeps are files, which the system has in memory.
  config: ({ port, originPort, folder }) => `
daemon off;
worker_processes 1;
${process.getuid?.() === 0 ? 'user root;' : ''}
pid ${folder}/pid;
error_log stderr crit;
events { worker_connections 1024; }
http {
  access_log off;
  sendfile on;
  tcp_nopush on;
  keepalive_requests 1000000000;
  keepalive_timeout 300;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
  proxy_cache_path ${folder}/cache levels=1:2 keys_zone=pages:64m max_size=2g inactive=1d use_temp_path=off;
  upstream origin { server 127.0.0.1:${originPort}; keepalive 64; }
  proxy_http_version 1.1;
  proxy_set_header Connection "";
  proxy_cache pages;
  server {
    listen 127.0.0.1:${port}${over};
    ${more}
    location /user/ { proxy_pass http://origin; proxy_cache_key $uri$cookie_session; }
    location /export/ { proxy_pass http://origin; proxy_cache off; }
    location / { proxy_pass http://origin; proxy_cache_key $uri; }
  }
}
`,
  args: (configFile, { folder }) => ['-p', folder, '-c', configFile],
});

const varnish: RivalKind = {
  name: 'Varnish',
  command: 'varnishd',
  install: 'apt-get install varnish',
  config: ({ originPort }) => `
vcl 4.1;
backend default { .host = "127.0.0.1"; .port = "${originPort}"; }
sub vcl_recv {
  if (req.url ~ "^/export/" || req.method == "POST") { return (pass); }
  return (hash);
}
sub vcl_hash { if (req.url ~ "^/user/") { hash_data(req.http.Cookie); } }
`,
  args: (configFile, { port, folder }) => [
    ...['-F', '-j', 'none', '-n', `${folder}/work`, '-f', configFile],
    ...['-a', `127.0.0.1:${port}`, '-s', 'malloc,512m', '-p', 'thread_pools=1'],
  ],
};

const haproxy: RivalKind = {
  name: 'HAProxy',
  command: 'haproxy',
  install: 'apt-get install haproxy',
  config: ({ port, originPort }) => `
global
  maxconn 1000
  nbthread 1
defaults
  mode http
  timeout connect 5s
  timeout client 5m
  timeout server 30s
cache pages
  total-max-size 512
  max-object-size 262144
  max-age 3600
frontend public
  bind 127.0.0.1:${port}
  default_backend origin
backend origin
  http-request set-var(txn.passed) bool(true) if { path_beg /export/ }
  http-request cache-use pages unless { var(txn.passed) -m bool }
  http-response cache-store pages unless { var(txn.passed) -m bool }
  server origin 127.0.0.1:${originPort}
`,
  args: (configFile) => ['-db', '-q', '-f', configFile],
};

/** In the order in which they are printed. */
export const rivals: readonly RivalKind[] = [haproxy, nginxOver(), varnish];
