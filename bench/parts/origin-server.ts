/** An app in a process of its own: every answer is the same 1 KB page. */
import { pageOrigin, startOrigin } from './app.ts';
import { serveParent } from './child.ts';

const { url } = await startOrigin(pageOrigin);
serveParent(url);
