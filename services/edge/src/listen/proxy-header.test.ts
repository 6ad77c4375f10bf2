import assert from 'node:assert/strict';
import { isIP } from 'node:net';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { PROXY_HEADER_BYTES_MAX, readProxyHeader } from './proxy-header.ts';

const SIGNATURE = '0d0a0d0a000d0a515549540a';
const header = (versionAndCommand: string, family: string, rest: string, lengthBytes = rest.length / 2) =>
  Buffer.from(SIGNATURE + versionAndCommand + family + lengthBytes.toString(16).padStart(4, '0') + rest, 'hex');
const IPV4 = 'cb007109' + '0a000001' + 'c001' + '1466';
const IPV6 = '20010db8000000000000000000000001' + '20010db8000000000000000000000002' + 'c001' + '1466';

describe('a PROXY protocol header', () => {
  it('tells the address of the client', () => {
    assert.deepEqual(readProxyHeader(header('21', '11', IPV4)), { kind: 'complete', bytes: 28, source: '203.0.113.9' });
    assert.deepEqual(readProxyHeader(header('21', '21', IPV6)), {
      kind: 'complete',
      bytes: 52,
      source: '2001:db8::1',
    });
    const mapped = `00000000000000000000ffff${IPV4.slice(0, 8)}${IPV6.slice(32)}`;
    assert.deepEqual(readProxyHeader(header('21', '21', mapped)), {
      kind: 'complete',
      bytes: 52,
      source: '::ffff:203.0.113.9',
    });
  });
  it('may have more behind the addresses, and the stream behind itself', () => {
    const withTlv = header('21', '11', `${IPV4}03000401020304`);
    const stream = Buffer.concat([withTlv, Buffer.from('<?xml')]);
    assert.deepEqual(readProxyHeader(stream), { kind: 'complete', bytes: withTlv.length, source: '203.0.113.9' });
  });
  it('of the proxy itself, or of somebody unknown, tells none', () => {
    for (const bytes of [
      header('20', '00', ''),
      header('20', '11', IPV4),
      header('21', '00', ''),
      header('21', '00', 'ff'),
    ])
      assert.deepEqual(readProxyHeader(bytes), { kind: 'complete', bytes: bytes.length, source: undefined });
  });
  it('is malformed in every other form', () => {
    const wrong: Readonly<Record<string, Buffer>> = {
      'version 1': Buffer.from('PROXY TCP4 203.0.113.9 10.0.0.1 49153 5222\r\n'),
      'an XML stream': Buffer.from("<?xml version='1.0'?><stream:stream"),
      'a ClientHello': Buffer.from('1603010200010001fc0303', 'hex'),
      'version 3': header('31', '11', IPV4),
      'an unknown command': header('22', '11', IPV4),
      datagrams: header('21', '12', IPV4),
      'a UNIX socket': header('21', '31', '00'.repeat(216)),
      'an unknown family': header('21', '41', IPV4),
      'addresses cut short': header('21', '11', IPV4.slice(2)),
      'IPv6 as long as IPv4': header('21', '21', IPV4),
      'too long': header('21', '11', '', PROXY_HEADER_BYTES_MAX),
    };
    for (const [name, bytes] of Object.entries(wrong)) assert.equal(readProxyHeader(bytes).kind, 'malformed', name);
  });
  it('is waited for byte by byte, and its signature refused at the first wrong byte', () => {
    const whole = header('21', '11', IPV4);
    for (let length = 0; length < whole.length; length++)
      assert.equal(readProxyHeader(whole.subarray(0, length)).kind, 'incomplete', `${length}`);
    assert.equal(readProxyHeader(Buffer.from('0d0b', 'hex')).kind, 'malformed');
  });
  it('never throws, and never tells an address that is none', () => {
    const anything = fc.oneof(
      fc.uint8Array({ maxLength: 80 }),
      fc.uint8Array({ maxLength: 60 }).map((rest) => Buffer.concat([Buffer.from(SIGNATURE, 'hex'), rest])),
    );
    fc.assert(
      fc.property(anything, (bytes) => {
        const found = readProxyHeader(bytes);
        if (found.kind !== 'complete') return;
        assert.ok(found.bytes <= bytes.length);
        assert.ok(found.source === undefined || isIP(found.source) !== 0);
      }),
    );
  });
});
