import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { HttpTable } from '@starling/feature-api';
import { addPage, type PageOptions } from './page.ts';

const page = (options: Partial<PageOptions> = {}) => {
  const http = new HttpTable();
  addPage(http, { domain: 'example.com', registration: true, ...options });
  return http;
};
const answerOf = (http: HttpTable, path: string) => http.find(path)?.({ headers: {} });
const textOf = (http: HttpTable, path: string) => Buffer.from(answerOf(http, path)?.body ?? '').toString();

describe('the page', () => {
  const http = page();
  const html = textOf(http, '/');
  const base = /data-converse="([^"]+)"/.exec(html)?.[1] ?? '';

  it('names only what is there, on this server', () => {
    const urls = [...html.matchAll(/(?:href|src)="([^"]*)"/g)].map(([, url]) => url ?? '');
    assert.ok(urls.length >= 5);
    for (const url of urls) assert.equal(answerOf(http, url)?.status, 200, url);
    assert.ok(!/\{\{|https?:/.test(html), html);
  });

  it('has its chunks, locales and emojis, and no source map', () => {
    assert.match(base, /^\/converse-\d+\.\d+\.\d+$/);
    for (const name of [
      'emoji.json',
      'chunkjs/locales/zh_CN-LC_MESSAGES-converse-po.js',
      'chunkjs/locales/dayjs/zh-cn-js.js',
    ])
      assert.equal(answerOf(http, `${base}/${name}`)?.status, 200, name);
    assert.equal(answerOf(http, `${base}/converse.min.js.map`), undefined);
  });

  it('says of each file what it is', () => {
    const types = new Map([
      ['/', 'text/html; charset=utf-8'],
      [`${base}/converse.min.js`, 'text/javascript; charset=utf-8'],
      [`${base}/converse.min.css`, 'text/css; charset=utf-8'],
      [`${base}/emoji.json`, 'application/json'],
      [`${base}/sounds/msg_received.ogg`, 'audio/ogg'],
      [`${base}/webfonts/muli.ttf`, 'font/ttf'],
    ]);
    for (const [path, type] of types) {
      const headers = answerOf(http, path)?.headers ?? {};
      assert.equal(headers['content-type'], type, path);
      assert.equal(headers['x-content-type-options'], 'nosniff');
      assert.equal(headers['referrer-policy'], 'no-referrer');
    }
  });

  it('may run and load nothing from elsewhere', () => {
    const policy = answerOf(http, '/')?.headers['content-security-policy'] ?? '';
    assert.match(policy, /^default-src 'none'; script-src 'self';/);
    for (const word of ['http', '*', 'unsafe-eval', "script-src 'self' "]) assert.ok(!policy.includes(word), word);
    assert.match(policy, /frame-ancestors 'none'/);
    assert.ok(!/<script>|<style|\son\w+=|style="/.test(html), 'nothing inline');
  });

  it('is asked for each time, what it loads only once', () => {
    assert.equal(answerOf(http, '/')?.headers['cache-control'], 'no-cache');
    assert.match(answerOf(http, `${base}/converse.min.js`)?.headers['cache-control'] ?? '', /immutable/);
  });

  it('knows its domain, and whether strangers may register', () => {
    assert.match(html, /data-domain="example\.com" data-registration="open"/);
    assert.match(textOf(page({ registration: false }), '/'), /data-registration="closed"/);
    assert.match(textOf(page({ domain: '例子.中国' }), '/'), /data-domain="例子\.中国"/);
    assert.match(
      textOf(page({ domain: '"><script>' }), '/'),
      /data-domain="&quot;&gt;&lt;script&gt;"|data-domain="&quot;>&lt;script>"/,
    );
  });
});
