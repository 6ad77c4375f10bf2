import assert from 'node:assert/strict';
import { test } from 'node:test';
import { matchesText, XmlPattern, xml } from './match-xml.ts';
import { showElement } from './show-element.ts';
import { parseOne } from './stream-reader.ts';

const stanza = parseOne(
  "<message xmlns='jabber:client' id='m1' type='chat' from='a@b/c' xml:lang='en'><thread>t</thread><body>hark, who?</body><x xmlns='urn:x' a='1'/></message>",
);

const matching = [
  '<message/>',
  "<message type='chat'/>",
  "<message id='…'/>",
  "<message from='a@…/c'><body>…</body></message>",
  '<message><body>hark…</body><thread/></message>',
  '<message>…</message>',
  "<message xml:lang='en'><x xmlns='urn:x' a='1'/></message>",
  '<message>\n  <body>hark, who?</body>\n</message>',
];
const notMatching: [pattern: string, reason: RegExp][] = [
  ['<presence/>', /is <message>/],
  ["<message type='normal'/>", /type='chat', not 'normal'/],
  ["<message to='…'/>", /has no attribute to/],
  ['<message><body>harp…</body></message>', /the text is 'hark, who\?'/],
  ['<message><body/><body/></message>', /has no <body>/],
  ["<message><x xmlns='urn:y'/></message>", /namespace 'urn:x'/],
  ["<message xmlns='urn:x'/>", /namespace 'jabber:client'/],
];

for (const pattern of matching) {
  test(`matches ${pattern}`, () => assert.equal(new XmlPattern(pattern).mismatch(stanza), ''));
}
for (const [pattern, reason] of notMatching) {
  test(`does not match ${pattern}`, () => assert.match(new XmlPattern(pattern).mismatch(stanza), reason));
}

test('… in a text stands for any run of characters', () => {
  for (const [pattern, text] of [
    ['…', ''],
    ['a…', 'a'],
    ['…b…', 'abc'],
    ['a…b…c', 'axbxc'],
    ['…', 'x\ny'],
  ] as const) {
    assert.ok(matchesText(pattern, text), `${pattern} ${text}`);
  }
  for (const [pattern, text] of [
    ['a', 'ab'],
    ['a…a', 'a'],
    ['a…b…c', 'acb'],
    ['…x', 'xy'],
  ] as const) {
    assert.ok(!matchesText(pattern, text), `${pattern} ${text}`);
  }
});

test('values in a template are escaped, elements are not', () => {
  assert.equal(xml`<body a='${"<&'"}'>${'a<b'}</body>`, "<body a='&lt;&amp;&apos;'>a&lt;b</body>");
  const text = xml`<iq>${parseOne("<ping xmlns='urn:xmpp:ping'/>")}</iq>`;
  assert.equal(showElement(parseOne(text), ''), "<iq><ping xmlns='urn:xmpp:ping'/></iq>");
});

test('the stream prefix is declared in a pattern', () => {
  const error = parseOne(
    "<stream:error xmlns:stream='http://etherx.jabber.org/streams'><x xmlns='urn:y'/></stream:error>",
  );
  assert.ok(new XmlPattern("<stream:error><x xmlns='urn:y'/></stream:error>").matches(error));
});
