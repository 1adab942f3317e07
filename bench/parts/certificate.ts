/** A certificate for 127.0.0.1, signed by itself. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Paths of PEM files. */
export type CertificateFiles = { readonly cert: string; readonly key: string };

/** Makes it, with the curve that most sites have. Its files are gone at the end of the process. */
export function certificate(): CertificateFiles {
  const folder = mkdtempSync(join(tmpdir(), 'bench-certificate-'));
  process.once('exit', () => {
    rmSync(folder, { recursive: true, force: true });
  });
  const files = { cert: join(folder, 'cert.pem'), key: join(folder, 'key.pem') };
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const names = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1'];
  const out = ['-keyout', files.key, '-out', files.cert];
  execFileSync('openssl', ['req', '-x509', '-days', '2', ...curve, ...names, ...out], { stdio: 'ignore' });
  return files;
}
