import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { type OneEdge, startOneEdge } from './testing/one-edge.ts';

/** The edge's HTTP port on both of its servers; `auto` is uWebSockets.js wherever that has a binary. */
for (const library of ['auto', 'ws']) {
  describe(`HTTP (${library})`, () => {
    let open: OneEdge;
    let closed: OneEdge;
    before(async () => {
      open = await startOneEdge({ env: { STARLING_WS: library } });
      const env = { STARLING_WS: library, STARLING_REGISTRATION: 'closed', STARLING_PAGE: 'off' };
      closed = await startOneEdge({ beside: open, env });
    });
    after(async () => {
      await closed.stop();
      await open.stop();
    });
    const urlOf = (world: OneEdge, path: string) => `http://127.0.0.1:${world.endpoint('ws').port}${path}`;

    /** What the bytes of a request are answered, as they are. */
    async function raw(request: string): Promise<string> {
      const socket = connect(open.endpoint('ws').port, '127.0.0.1');
      await once(socket, 'connect');
      socket.write(`${request}\r\nhost: x\r\nconnection: close\r\n\r\n`);
      let text = '';
      socket.setEncoding('utf8').on('data', (piece) => {
        text += piece;
      });
      await once(socket, 'close');
      return text;
    }

    it('is the page and the files that it names', async () => {
      const page = await fetch(urlOf(open, '/'));
      assert.equal(page.status, 200);
      assert.equal(page.headers.get('content-type'), 'text/html; charset=utf-8');
      const html = await page.text();
      const urls = [...html.matchAll(/(?:href|src)="([^"]+)"/g)].map(([, url]) => url ?? '');
      for (const url of urls) {
        const reply = await fetch(urlOf(open, url), { headers: { 'accept-encoding': 'identity' } });
        assert.equal(reply.status, 200, url);
        const body = await reply.arrayBuffer();
        assert.equal(String(body.byteLength), reply.headers.get('content-length'), url);
        const head = await fetch(urlOf(open, url), { method: 'HEAD', headers: { 'accept-encoding': 'identity' } });
        assert.equal(head.headers.get('content-length'), String(body.byteLength));
        assert.equal(head.headers.get('etag'), reply.headers.get('etag'));
        const etag = reply.headers.get('etag') ?? '';
        const again = await fetch(urlOf(open, url), { headers: { 'if-none-match': etag } });
        assert.equal(again.status, 304);
        assert.equal((await again.arrayBuffer()).byteLength, 0);
      }
    });

    it('is read only', async () => {
      for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) {
        const reply = await fetch(urlOf(open, '/'), { method });
        assert.equal(reply.status, 405, method);
        assert.equal(reply.headers.get('allow'), 'GET, HEAD');
        assert.equal((await fetch(urlOf(open, '/nowhere'), { method })).status, 404);
      }
    });

    it('has nothing beside its table, whatever a path is made of', async () => {
      const paths = [
        '/index.html',
        '//',
        '/../package.json',
        '/%2e%2e/package.json',
        '/converse-14.0.0/../../package.json',
        '/converse-14.0.0/..%2f..%2fpackage.json',
        '/converse-14.0.0/',
        '/constructor',
        '/__proto__',
      ];
      for (const path of paths) assert.match(await raw(`GET ${path} HTTP/1.1`), /^HTTP\/1\.1 404 /, path);
      assert.match(await raw('GET /?x=/../etc/passwd HTTP/1.1'), /^HTTP\/1\.1 200 /);
    });

    it('can do without the page', async () => {
      assert.equal((await fetch(urlOf(closed, '/'))).status, 404);
      assert.equal((await fetch(urlOf(closed, '/.well-known/host-meta'))).status, 200);
    });
  });
}

describe('the page of an edge where registration is closed', () => {
  it('does not offer it', async () => {
    const edge = await startOneEdge({ env: { STARLING_REGISTRATION: 'closed' } });
    const html = await (await fetch(`http://127.0.0.1:${edge.endpoint('ws').port}/`)).text();
    await edge.stop();
    assert.match(html, /data-registration="closed"/);
  });
});
