import type { Reader, Writer } from 'protobufjs/minimal.js';

/** What protobufjs generates for a message, narrowed to what we use. */
interface MessageType<T> {
  encode(message: T): Writer;
  decode(bytes: Reader | Uint8Array): T;
}

/** One request that a service answers: its subject, and how request and reply are written. */
export interface Method<Request, Reply> {
  readonly subject: string;
  readonly encodeRequest: (request: Request) => Uint8Array;
  readonly decodeRequest: (bytes: Uint8Array) => Request;
  readonly encodeReply: (reply: Reply) => Uint8Array;
  readonly decodeReply: (bytes: Uint8Array) => Reply;
}

/** `request` and `reply` are messages of the generated code. */
export function method<Request, Reply>(subject: string, request: unknown, reply: unknown): Method<Request, Reply> {
  const req = request as MessageType<Request>;
  const rep = reply as MessageType<Reply>;
  return {
    subject,
    encodeRequest: (r) => req.encode(r).finish(),
    decodeRequest: (b) => req.decode(b),
    encodeReply: (r) => rep.encode(r).finish(),
    decodeReply: (b) => rep.decode(b),
  };
}

export type Empty = Record<string, never>;
