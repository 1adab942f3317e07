/** A process of its own that is asked to do one thing after another, and tells what came of each. */
import { fork } from 'node:child_process';
import { join } from 'node:path';

export type Worker<Task, Result> = {
  readonly run: (task: Task) => Promise<Result>;
  readonly stop: () => Promise<void>;
};

/** The worker's side: does what it is asked to until its parent has gone. */
export function serveTasks(work: (task: never) => Promise<object>): void {
  process.on('message', (task) => {
    void work(task as never).then((result) => process.send?.(result));
  });
  process.on('disconnect', () => process.exit(0));
}

/** Starts `file` of this folder with one argument, told as JSON. */
export function startWorker<Task extends object, Result>(
  file: string,
  argument: unknown = null,
): Worker<Task, Result> {
  const child = fork(join(import.meta.dirname, file), [JSON.stringify(argument)]);
  return {
    run: (task) =>
      new Promise((resolve, reject) => {
        const gone = (): void => {
          reject(new Error(`${file} has ended`));
        };
        child.once('exit', gone);
        child.once('message', (result) => {
          child.off('exit', gone);
          resolve(result as Result);
        });
        child.send(task);
      }),
    stop: () =>
      new Promise((resolve) => {
        child.once('exit', () => {
          resolve();
        });
        child.disconnect();
      }),
  };
}
