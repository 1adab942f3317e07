/**
 * The dashboard's files, at `/` and below `/dashboard/` (CONTRACT §3). The shell shows nothing until a token is given; its
 * data comes from the control API.
 *
 * Promises: only the files listed here are served, and nothing is loaded from another host. The policy allows only our own
 * scripts, styles and connections, and no text can become markup or script.
 */

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { FastifyInstance, FastifyReply } from 'fastify';

const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
].join('; ');

const types = {
  css: 'text/css; charset=utf-8',
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml',
} as const;

const own = [
  'advice-he.js',
  'advice-panel.js',
  'alerts-he.js',
  'app.js',
  'chart-files.js',
  'charts.js',
  'dom.js',
  'entries-panel.js',
  'explain-he.js',
  'formats.js',
  'forms.js',
  'icon.svg',
  'judged-panel.js',
  'pages.js',
  'panels.js',
  'range.js',
  'reasons-he.js',
  'roles.js',
  'style.css',
  'trust-page.js',
  'words-en.js',
  'words-he.js',
  'words-trust-en.js',
  'words-trust-he.js',
  'words.js',
  'writes-panel.js',
];
const library = { 'uplot.js': 'dist/uPlot.esm.js', 'uplot.css': 'dist/uPlot.min.css' };

type File = { readonly path: string; readonly type: string; readonly bytes: Buffer };

/** Read once by a process, so that all of them are of one version. */
const files: readonly File[] = filesOf(import.meta.url);

function filesOf(url: string): readonly File[] {
  const folder = new URL('./dashboard/', url);
  const require = createRequire(url);
  const fileAt = (path: string, file: string): File => {
    const ending = file.slice(file.lastIndexOf('.') + 1) as keyof typeof types;
    return { path, type: types[ending], bytes: readFileSync(file) };
  };
  return [
    fileAt('/', fileURLToPath(new URL('index.html', folder))),
    ...own.map((name) => fileAt(`/dashboard/${name}`, fileURLToPath(new URL(name, folder)))),
    ...Object.entries(library).map(([name, file]) =>
      fileAt(`/dashboard/${name}`, require.resolve(`uplot/${file}`)),
    ),
  ];
}

/** The routes of the dashboard's files. */
export function dashboardRoutes(app: FastifyInstance): void {
  for (const { path, type, bytes } of files) {
    app.get(path, { config: { access: 'page' } }, (_request, reply): FastifyReply => {
      void reply
        .header('Content-Security-Policy', policy)
        .header('Cross-Origin-Opener-Policy', 'same-origin');
      return reply.type(type).send(bytes);
    });
  }
}
