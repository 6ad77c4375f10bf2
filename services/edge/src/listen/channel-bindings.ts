import type { TLSSocket } from 'node:tls';
import { BINDING_TYPES, type BindingType } from '@starling/features/xep-0440-channel-binding/binding-types';
import { endPointOf } from '@starling/features/xep-0440-channel-binding/end-point';

/** What a login can be bound to: something of the TLS connection that nobody in between can have the same of (RFC 5056). */
export interface ChannelBindings {
  readonly types: readonly BindingType[];
  /** Undefined for a type that there is not. */
  dataOf(type: string): Uint8Array | undefined;
}

export const NO_BINDINGS: ChannelBindings = { types: [], dataOf: () => undefined };

/** RFC 9266 §2: 32 bytes, with a context of no bytes. */
const EXPORTER = { label: 'EXPORTER-Channel-Binding', bytes: 32, context: Buffer.alloc(0) } as const;

/** Of a connection whose handshake is done. */
export function bindingsOf(socket: TLSSocket): ChannelBindings {
  const dataOf = (type: string): Uint8Array | undefined => {
    if (type === 'tls-exporter') return exporterOf(socket);
    const certificate = type === 'tls-server-end-point' ? socket.getX509Certificate() : undefined;
    return certificate && endPointOf(certificate.raw);
  };
  return { types: BINDING_TYPES.filter((type) => dataOf(type) !== undefined), dataOf };
}

/** RFC 9266 §3: below TLS 1.3 it is unique only with the extended master secret, of which Node does not tell. */
function exporterOf(socket: TLSSocket): Uint8Array | undefined {
  if (socket.getProtocol() !== 'TLSv1.3') return undefined;
  return socket.exportKeyingMaterial(EXPORTER.bytes, EXPORTER.label, EXPORTER.context);
}
