import type { Reader, Writer } from 'protobufjs/minimal.js';
import { keptWriter } from './kept-writer.ts';

/** What protobufjs generates for a message, narrowed to what we use. */
interface MessageType<T> {
  encode(message: T, writer: Writer): Writer;
  decode(bytes: Reader | Uint8Array): T;
}

/** One request that a service answers: its subject, and how request and reply are written. */
export interface Method<Request, Reply> {
  readonly subject: string;
  /** Who answers it, and its name, without what tells one instance from another: labels of metrics, closed sets both. */
  readonly service: ServiceName;
  readonly name: string;
  readonly encodeRequest: (request: Request) => Uint8Array;
  readonly decodeRequest: (bytes: Uint8Array) => Request;
  readonly encodeReply: (reply: Reply) => Uint8Array;
  readonly decodeReply: (bytes: Uint8Array) => Reply;
}

export type ServiceName = 'archive' | 'edge' | 'presence' | 'roster' | 'other';

/** By the first token of its subject. */
const SERVICES: Readonly<Record<string, ServiceName>> = { a: 'archive', edge: 'edge', p: 'presence', r: 'roster' };

/** `request` and `reply` are messages of the generated code. */
export function method<Request, Reply>(subject: string, request: unknown, reply: unknown): Method<Request, Reply> {
  const req = request as MessageType<Request>;
  const rep = reply as MessageType<Reply>;
  return {
    subject,
    service: SERVICES[subject.slice(0, subject.indexOf('.'))] ?? 'other',
    name: subject.slice(subject.lastIndexOf('.') + 1),
    encodeRequest: (r) => req.encode(r, keptWriter()).finish(),
    decodeRequest: (b) => req.decode(b),
    encodeReply: (r) => rep.encode(r, keptWriter()).finish(),
    decodeReply: (b) => rep.decode(b),
  };
}

export type Empty = Record<string, never>;
