/**
 * Creates certificates for a test: an authority and what it signs. Encoded as DER here, because Node can read certificates
 * but not create them.
 */
import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ipaddr from 'ipaddr.js';
import type { Test } from 'tap';

/** Paths of PEM files. */
export type CertificateFiles = { readonly cert: string; readonly key: string };

/** An authority: its own certificate, and those it signs for names and addresses. */
export type Authority = {
  readonly ca: string;
  readonly certify: (...names: string[]) => Promise<CertificateFiles>;
  /** The same, valid from so many days ago until in so many days. */
  readonly certifyFor: (days: Validity, ...names: string[]) => Promise<CertificateFiles>;
};

/** In days from now; negative: ago. */
type Validity = readonly [from: number, to: number];
const aroundNow: Validity = [-1, 1];

/** Makes an authority whose files are gone with the test. */
export async function authority(t: Test): Promise<Authority> {
  const folder = await mkdtemp(join(tmpdir(), 'shelflife-certificates-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  const issuer = `authority ${randomBytes(4).toString('hex')}`;
  const own = newKeys();
  const ca = join(folder, 'ca.pem');
  const about = { issuer, subject: issuer, publicKey: own.publicKey, extension: isAuthority };
  await writeFile(ca, certificate(about, own.privateKey));
  const certifyFor: Authority['certifyFor'] = async (days, ...names) => {
    const keys = newKeys();
    const extension = subjectNames(names);
    const text = certificate(
      { issuer, subject: 'test', publicKey: keys.publicKey, extension, days },
      own.privateKey,
    );
    const at = join(folder, randomBytes(4).toString('hex'));
    const files = { cert: `${at}.pem`, key: `${at}-key.pem` };
    await writeFile(files.cert, text);
    await writeFile(files.key, keys.privateKey.export({ type: 'pkcs8', format: 'pem' }));
    return files;
  };
  return { ca, certifyFor, certify: (...names) => certifyFor(aroundNow, ...names) };
}

type About = {
  readonly issuer: string;
  readonly subject: string;
  readonly publicKey: KeyObject;
  readonly extension: Buffer;
  readonly days?: Validity;
};

const newKeys = () => generateKeyPairSync('ec', { namedCurve: 'P-256' });

const der = (tag: number, ...parts: readonly Buffer[]): Buffer => {
  const content = Buffer.concat(parts);
  const { length } = content;
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
};
const sequence = (...parts: readonly Buffer[]): Buffer => der(0x30, ...parts);
const id = (hex: string): Buffer => der(0x06, Buffer.from(hex, 'hex'));
const name = (common: string): Buffer =>
  sequence(der(0x31, sequence(id('550403'), der(0x0c, Buffer.from(common)))));
const time = (at: Date): Buffer => der(0x18, Buffer.from(at.toISOString().replace(/[-:T]|\.\d+/g, '')));

const ecdsaWithSha256 = sequence(id('2a8648ce3d040302'));
const isAuthority = sequence(
  id('551d13'),
  der(0x01, Buffer.from([255])),
  der(0x04, sequence(der(0x01, Buffer.from([255])))),
);

const addressBytes = (address: string): Buffer => Buffer.from(ipaddr.parse(address).toByteArray());

const subjectNames = (names: readonly string[]): Buffer => {
  const written = names.map((each) =>
    isIP(each) === 0 ? der(0x82, Buffer.from(each)) : der(0x87, addressBytes(each)),
  );
  return sequence(id('551d11'), der(0x04, sequence(...written)));
};

/** RFC 5280 §4.1: version 3. */
function certificate(
  { issuer, subject, publicKey, extension, days = aroundNow }: About,
  signer: KeyObject,
): string {
  const dayMs = 86_400_000;
  const [from, to] = days.map((day) => new Date(Date.now() + day * dayMs)) as [Date, Date];
  const content = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    ecdsaWithSha256,
    name(issuer),
    sequence(time(from), time(to)),
    name(subject),
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(extension)),
  );
  const signature = der(0x03, Buffer.from([0]), sign('sha256', content, signer));
  const body = sequence(content, ecdsaWithSha256, signature).toString('base64');
  // A last line that is full must not be followed by an empty one, which OpenSSL refuses.
  const lines = body.match(/.{1,64}/g)?.join('\n') ?? '';
  return `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`;
}
