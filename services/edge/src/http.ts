import type { HttpTable } from '@starling/feature-api';
import { type HttpHandler, NOT_ALLOWED, NOT_FOUND } from './listen/websocket.ts';

/** Answers from the table: whole paths, and nothing is done here but read. */
export function answerFrom(table: HttpTable): HttpHandler {
  return (method, path, headers) => {
    const route = table.find(path);
    if (route === undefined) return NOT_FOUND;
    return method === 'GET' || method === 'HEAD' ? route({ headers }) : NOT_ALLOWED;
  };
}
