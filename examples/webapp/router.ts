/**
 * Which route a request is for.
 */
import type { Route } from './visit.ts';

/** What was found for a method and a path. */
export type Match =
  | { readonly kind: 'route'; readonly route: Route; readonly params: Readonly<Record<string, string>> }
  | { readonly kind: 'other-method'; readonly allowed: readonly string[] }
  | { readonly kind: 'none' };

/**
 * Compiles routes such as `GET /file/:id`; `:id` is a number, any other name one path segment. HEAD is answered as GET.
 */
export const compileRoutes = (routes: readonly Route[]): ((method: string, path: string) => Match) => {
  const compiled = routes.map((route) => {
    const [method = '', pattern = ''] = route.match.split(' ');
    const source = pattern.replaceAll('.', '\\.').replace(/:(\w+)/g, (_, name: string) => groupOf(name));
    return { method, route, expression: new RegExp(`^${source}$`) };
  });
  return (method, path) => {
    const wanted = method === 'HEAD' ? 'GET' : method;
    const found = compiled.filter((each) => each.expression.test(path));
    const match = found.find((each) => each.method === wanted);
    if (match === undefined) {
      return found.length === 0
        ? { kind: 'none' }
        : { kind: 'other-method', allowed: found.map((each) => each.method) };
    }
    return { kind: 'route', route: match.route, params: match.expression.exec(path)?.groups ?? {} };
  };
};

const groupOf = (name: string): string => `(?<${name}>${name === 'id' ? '\\d{1,9}' : '[^/]+'})`;
