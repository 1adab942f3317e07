/** Which clients a process serves: the ports they come from, by what Linux says of its sockets. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** The ports of the other ends of a process's TCP connections over IPv4. */
export function clientPortsOf(pid: number): Set<number> {
  const inodes = new Set(readdirSync(`/proc/${pid}/fd`).flatMap((fd) => inodeOf(`/proc/${pid}/fd/${fd}`)));
  const connections = readFileSync('/proc/net/tcp', 'utf8').trim().split('\n').slice(1);
  const ports = new Set<number>();
  for (const line of connections) {
    const cells = line.trim().split(/\s+/);
    const [, port = ''] = cells[2]?.split(':') ?? [];
    if (inodes.has(cells[9] ?? '')) ports.add(Number.parseInt(port, 16));
  }
  return ports;
}

function inodeOf(link: string): string[] {
  try {
    return /^socket:\[(\d+)\]$/.exec(readlinkSync(link))?.slice(1) ?? [];
  } catch {
    // Closed meanwhile.
    return [];
  }
}
