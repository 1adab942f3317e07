/**
 * What `npm start` says when everything runs: where to look, and what to try.
 */

export type Urls = {
  /** The proxy, as clients reach it. */
  readonly site: string;
  readonly control: string;
  /** The app behind it. */
  readonly upstream: string;
  /** Of the control API. */
  readonly token: string;
};

/** For the sample app. The three lines show a miss, a hit, and a miss again after a write. */
export function appIntroduction(urls: Urls): string[] {
  const [miss = '', hit = '', missAgain = ''] = curlLines(urls.site);
  return [
    ...whereToLook(urls),
    '  log in as   demo, password demo',
    '',
    'Three lines to try, each of which prints what the proxy did:',
    '',
    `  ${miss}`,
    `  ${hit}`,
    `  ${missAgain}`,
    '',
    'Ctrl-C stops all of it.',
  ];
}

/** For an app of the user's own. */
export function siteIntroduction(urls: Urls): string[] {
  return [
    ...whereToLook(urls),
    '',
    'Without rules the proxy stores what HTTP lets it (RFC 9111). What it did stands in every answer:',
    '',
    `  curl -sD - -o /dev/null ${urls.site}/ | grep -i cache-status`,
    '',
    'Ctrl-C stops it.',
  ];
}

/** A miss, a hit, and a miss again after a write: one shell line each, to be run in this order. */
export function curlLines(site: string): string[] {
  const jar = '/tmp/shelflife-cookies';
  const quiet = `curl -so /dev/null -b ${jar} -c ${jar}`;
  const shown = `curl -sD - -o /dev/null -b ${jar} -c ${jar} ${site}/api/files | grep -i cache-status`;
  return [
    `${quiet} -d 'username=demo&password=demo' ${site}/login; ${quiet} ${site}/settings; ${shown}`,
    shown,
    `${quiet} -H 'Content-Type: application/json' -d '{"name":"note.md","content":"A note"}' ${site}/api/files; ${shown}`,
  ];
}

function whereToLook({ site, control, upstream, token }: Urls): string[] {
  return [
    '',
    `  site        ${site}   through the proxy`,
    `  app         ${upstream}   without it`,
    `  control     ${control}   (dashboard and API)`,
    `  token       ${token}`,
  ];
}
