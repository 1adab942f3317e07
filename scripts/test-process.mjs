/**
 * Loaded first in each test process (`test-env` in .taprc), which then starts in half the time.
 *
 * Compiled code is kept for the next process; processes that a test starts take part. tap's record of the modules that a
 * process loads is for coverage and `--changed`, which are not used here: it reads every module and its source map twice.
 */
import module from 'node:module';
import { join } from 'node:path';

const { env, pid } = process;
env.NODE_COMPILE_CACHE = join(import.meta.dirname, '..', 'node_modules', '.cache', 'compiled');
module.enableCompileCache(env.NODE_COMPILE_CACHE);
env._TAPJS_PROCESSINFO_EXCLUDE_ = '/./';
env.__TAPJS_PROCESSINFO_TESTING_NO_REGISTER__ = String(pid);
// Its path is relative to the project, so it is not for processes that a test starts.
delete env.NODE_OPTIONS;

const domain = new URL('test-domain.mjs', import.meta.url).href;
module.registerHooks({
  resolve: (specifier, context, next) =>
    specifier === 'async-hook-domain' ? { url: domain, shortCircuit: true } : next(specifier, context),
});
