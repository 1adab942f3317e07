/**
 * Which test an uncaught error belongs to: takes the place of tap's `async-hook-domain` in test processes.
 *
 * That package follows every promise with async hooks until it is collected, which takes an eighth of a test process's
 * time. Here the test is part of the asynchronous context, which Node carries along anyway, also to an unhandled rejection.
 */
import { AsyncLocalStorage, AsyncResource, executionAsyncResource } from 'node:async_hooks';

const current = new AsyncLocalStorage();
const emit = process.emit;
let open = 0;

/** One test's handler of errors. Errors that come when it has ended go to the test around it. */
export class Domain {
  #parent = current.getStore();
  #isOver = false;

  constructor(onerror) {
    this.onerror = onerror;
    const test = executionAsyncResource();
    if (test instanceof AsyncResource) runWithin(test, this);
    else current.enterWith(this);
    open += 1;
    if (open === 1) watch();
  }

  destroy() {
    if (this.#isOver) return;
    this.#isOver = true;
    open -= 1;
    if (open === 0) unwatch();
  }

  /** This one, or the nearest around it that is not over. */
  get nearest() {
    return this.#isOver ? this.#parent?.nearest : this;
  }
}

/** tap runs each test in a resource of its own, made before its domain: another takes over, made within it. */
function runWithin(test, domain) {
  const within = current.run(domain, () => new AsyncResource('test'));
  test.runInAsyncScope = within.runInAsyncScope.bind(within);
}

function watch() {
  process.on('uncaughtExceptionMonitor', onUncaught);
  // A listener would count as one who handles all of them.
  process.emit = (name, ...args) =>
    name === 'unhandledRejection' && process.listenerCount(name) === 0
      ? handle(args[0], name)
      : emit.call(process, name, ...args);
}

function unwatch() {
  process.off('uncaughtExceptionMonitor', onUncaught);
  process.emit = emit;
}

function onUncaught(error, name) {
  // Whoever monitors an error cannot stop it.
  if (handle(error, name))
    process.setUncaughtExceptionCaptureCallback(() => process.setUncaughtExceptionCaptureCallback(null));
}

/** Gives an error to its test, unless something else handles errors; says whether it did. */
function handle(error, name) {
  if (process.hasUncaughtExceptionCaptureCallback() || process.listenerCount('uncaughtException') > 0)
    return false;
  const domain = current.getStore()?.nearest;
  if (domain === undefined) return false;
  try {
    domain.onerror(error, name);
  } catch (thrown) {
    domain.destroy();
    if (!handle(thrown)) throw thrown;
  }
  return true;
}
