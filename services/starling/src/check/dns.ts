import { Resolver } from 'node:dns/promises';
import { isIP } from 'node:net';
import { domainToASCII } from 'node:url';
import { failed, type Outcome, ok, warning } from './finding.ts';

/** Where clients look for a domain: RFC 6120 §3.2.1 for STARTTLS, XEP-0368 for TLS from the first byte. */
export const SERVICES = { starttls: '_xmpp-client._tcp', tls: '_xmpps-client._tcp' } as const;
export type DnsService = keyof typeof SERVICES;

const TIMEOUT_MS = 3_000;
/** That there is no such record; anything else means that nobody could say. */
const NOT_THERE = new Set(['ENOTFOUND', 'ENODATA', 'NXDOMAIN']);

export interface SrvTarget {
  /** '.': the service is decidedly not there (RFC 2782). */
  readonly name: string;
  readonly port: number;
  /** How many addresses it has. */
  readonly addresses: number;
}

export interface DnsFacts {
  readonly srv: Readonly<Record<DnsService, readonly SrvTarget[]>>;
  /** Of the domain itself: where clients go without SRV records (RFC 6120 §3.2.2). */
  readonly addresses: number;
  /** Why something could not be asked. */
  readonly unsure: readonly string[];
}

export async function checkDns(domain: string): Promise<Outcome> {
  if (isLocal(domain)) return ok(`${domain} is of this machine or network: nothing to look up`);
  return judgeDns(domain, await lookUp(domainToASCII(domain)));
}

/** Names that public DNS does not have: RFC 6761, RFC 6762, and names of one part. */
export const isLocal = (domain: string): boolean =>
  isIP(domain) !== 0 || !domain.includes('.') || /\.(localhost|local|test|example|invalid|internal)$/.test(domain);

export function judgeDns(domain: string, { srv, addresses, unsure }: DnsFacts): Outcome {
  if (unsure.length > 0) return warning(`DNS could not be asked: ${unsure.join('; ')}`);
  const all = Object.values(srv).flat();
  const lost = all.filter((target) => target.name !== '.' && target.addresses === 0);
  if (lost.length > 0) return failed(`SRV records lead to names without an address: ${lost.map(nameOf).join(', ')}`);
  const offered = all.filter((target) => target.name !== '.');
  if (all.length > 0 && offered.length === 0)
    return failed(`SRV records say that ${domain} has no clients' service (target .)`);
  if (offered.length > 0) {
    const text = (Object.keys(srv) as DnsService[])
      .map((service) => `${SERVICES[service]} → ${srv[service].map(nameOf).join(', ') || 'none'}`)
      .join('; ');
    return srv.tls.length > 0
      ? ok(text)
      : warning(`${text}: clients that want TLS from the first byte find nothing (XEP-0368)`);
  }
  if (addresses === 0) return failed(`${domain} has neither SRV records nor an address: clients find nothing`);
  return warning(`${domain} has no SRV records: clients try its own address, port 5222`);
}

const nameOf = ({ name, port }: SrvTarget): string => `${name}:${port}`;

async function lookUp(domain: string): Promise<DnsFacts> {
  const resolver = new Resolver({ timeout: TIMEOUT_MS, tries: 1 });
  const unsure: string[] = [];
  const ask = async <T>(asked: Promise<T[]>): Promise<T[]> => {
    try {
      return await asked;
    } catch (error) {
      // Policy: that there is none is an answer; what else keeps one away is told.
      const { code = '', message } = error as NodeJS.ErrnoException;
      if (!NOT_THERE.has(code)) unsure.push(message);
      return [];
    }
  };
  const addressesOf = async (name: string) =>
    (await Promise.all([ask(resolver.resolve4(name)), ask(resolver.resolve6(name))])).flat().length;
  const targetsOf = async (service: DnsService): Promise<readonly SrvTarget[]> => {
    const records = await ask(resolver.resolveSrv(`${SERVICES[service]}.${domain}`));
    return Promise.all(
      records.map(async ({ name, port }) => {
        const target = name === '' ? '.' : name;
        return { name: target, port, addresses: target === '.' ? 0 : await addressesOf(target) };
      }),
    );
  };
  const [starttls, tls, addresses] = await Promise.all([targetsOf('starttls'), targetsOf('tls'), addressesOf(domain)]);
  return { srv: { starttls, tls }, addresses, unsure };
}
