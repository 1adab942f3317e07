/** The packages that come with an installed proxy, with their licences, from package-lock.json. */

type Locked = {
  readonly version?: string;
  readonly license?: string;
  readonly dev?: true;
  readonly optional?: true;
  readonly link?: true;
};
export type Dependency = { readonly name: string; readonly version: string; readonly license: string };

/** Every package that `npm install` brings beside the proxy, by name. */
export function dependenciesOf(lock: {
  readonly packages: Readonly<Record<string, Locked>>;
}): readonly Dependency[] {
  const installed = Object.entries(lock.packages).filter(
    ([path, { dev, optional, link }]) =>
      path.includes('node_modules/') && !(dev ?? optional ?? link ?? false),
  );
  return installed
    .map(([path, { version = '', license = 'unknown' }]) => ({
      name: path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length),
      version,
      license,
    }))
    .sort((a, b) => a.name.localeCompare(b.name, 'en'));
}

/** The list as a page. */
export function thirdPartyPage(dependencies: readonly Dependency[]): string {
  const rows = dependencies.map(({ name, version, license }) => `| ${name} | ${version} | ${license} |`);
  const head = [
    '# Packages that shelflife installs',
    '',
    '| package | version | licence |',
    '| --- | --- | --- |',
  ];
  return `${[...head, ...rows].join('\n')}\n`;
}
