import type { ScramName } from './keys.ts';
import type { Bindings, Mechanism, MechanismOptions } from './mechanism.ts';
import { Plain } from './plain.ts';
import { SaslError } from './sasl-error.ts';
import { Scram } from './scram.ts';

/** All mechanisms there are, strongest first: the order of the offer is the server's preference (RFC 6120 §6.3.3). */
export const MECHANISMS = ['SCRAM-SHA-256-PLUS', 'SCRAM-SHA-1-PLUS', 'SCRAM-SHA-256', 'SCRAM-SHA-1', 'PLAIN'] as const;
const PLUS = '-PLUS';

export interface ConnectionSecurity {
  /** Everything on the connection is encrypted. */
  readonly secure: boolean;
  /** The peer is on this machine. */
  readonly loopback: boolean;
  /** What an exchange can be bound to; default: nothing. */
  readonly bindings?: Bindings;
  /** The mechanisms that the operator allows; default: all. */
  readonly available?: readonly string[];
}

/** What is offered on a connection, strongest first. PLAIN only where nobody can listen (RFC 6120 §13.8.3), -PLUS where there is a binding. */
export function mechanismsFor({ secure, loopback, bindings, available = MECHANISMS }: ConnectionSecurity): string[] {
  return MECHANISMS.filter(
    (name) =>
      available.includes(name) &&
      (name !== 'PLAIN' || secure || loopback) &&
      (!name.endsWith(PLUS) || canBind(bindings)),
  );
}

const canBind = (bindings: Bindings | undefined): boolean => bindings !== undefined && bindings.types.length > 0;

/**
 * Starts an exchange.
 * @throws SaslError invalid-mechanism, encryption-required (PLAIN in clear)
 */
export function createMechanism(name: string, options: MechanismOptions & ConnectionSecurity): Mechanism {
  const { available = MECHANISMS, bindings } = options;
  if (!available.includes(name) || (name.endsWith(PLUS) && !canBind(bindings)))
    throw new SaslError('invalid-mechanism');
  switch (name) {
    case 'SCRAM-SHA-256':
    case 'SCRAM-SHA-1':
      return new Scram(name, options);
    case 'SCRAM-SHA-256-PLUS':
    case 'SCRAM-SHA-1-PLUS':
      return new Scram(name.slice(0, -PLUS.length) as ScramName, options, { isPlus: true });
    case 'PLAIN':
      if (!options.secure && !options.loopback) throw new SaslError('encryption-required');
      return new Plain(options);
    default:
      throw new SaslError('invalid-mechanism');
  }
}
