/**
 * A proxy that stops waits a little for what may still come on idle connections. A test that is over has nothing more to
 * send, so it ends its own idle connections first.
 */
import { globalAgent } from 'node:http';
import { Agent, getGlobalDispatcher, setGlobalDispatcher } from 'undici';

/** Closes a proxy whose clients, `fetch` and node:http's own agent, send nothing more. */
export async function closeProxy(proxy: { readonly close: () => Promise<void> }): Promise<void> {
  endIdleConnections();
  await proxy.close();
}

function endIdleConnections(): void {
  for (const sockets of Object.values(globalAgent.freeSockets))
    for (const socket of sockets ?? []) socket.destroy();
  const before = getGlobalDispatcher();
  setGlobalDispatcher(new Agent());
  // Those in use end with their answers.
  void before.close();
}
