import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  bareOf,
  domainOf,
  isFull,
  type Jid,
  JidError,
  localOf,
  makeBareJid,
  makeFullJid,
  parseBareJid,
  parseJid,
  prepareDomain,
  prepareLocal,
  prepareResource,
  resourceOf,
  tryParseJid,
} from './index.ts';

/** Text, and what it becomes; null: it is no address. */
type Table = readonly (readonly [text: string, becomes: string | null, why: string])[];

function check(title: string, table: Table): void {
  describe(title, () => {
    for (const [text, becomes, why] of table) {
      it(`${why}: ${JSON.stringify(text.length > 50 ? `${text.slice(0, 50)}…` : text)}`, () => {
        if (becomes === null) {
          assert.throws(() => parseJid(text), JidError);
          assert.equal(tryParseJid(text), undefined);
        } else {
          assert.equal(parseJid(text), becomes);
          assert.equal(parseJid(becomes), becomes, 'what is prepared stays as it is');
        }
      });
    }
  });
}

const same = (text: string, why: string) => [text, text, why] as const;
const refused = (text: string, why: string) => [text, null, why] as const;

check('RFC 7622 §3.5, table 1', [
  same('juliet@example.com', '1 a bare JID'),
  same('juliet@example.com/foo', '2 a full JID'),
  same('juliet@example.com/foo bar', '3 space in the resourcepart'),
  same('juliet@example.com/foo@bar', '4 @ in the resourcepart'),
  same('foo\\20bar@example.com', '5 an escaped space'),
  same('fussball@example.com', '6 ss'),
  same('fußball@example.com', '7 sharp s is another address'),
  same('π@example.com', '8 pi'),
  ['Σ@example.com/foo', 'σ@example.com/foo', '9 capital sigma'],
  same('σ@example.com/foo', '10 small sigma'),
  same('ς@example.com/foo', '11 final sigma is another address'),
  same('king@example.com/♚', '12 a symbol in the resourcepart'),
  same('example.com', '13 a domainpart'),
  same('example.com/foobar', '14 domainpart and resourcepart'),
  same('a.example.com/b@example.net', '15 the slash comes first'),
]);

check('RFC 7622 §3.5, table 2', [
  refused('"juliet"@example.com', '16 quotation marks'),
  refused('foo bar@example.com', '17 space in the localpart'),
  same('juliet@example.com/ foo', '18 a leading space, which OpaqueString allows: erratum 4560'),
  refused('@example.com/', '19 empty localpart and resourcepart'),
  refused('henryⅣ@example.com', '20 a compatibility character'),
  refused('♚@example.com', '21 a symbol in the localpart'),
  refused('juliet@', '22 no domainpart'),
  refused('/foobar', '23 no domainpart'),
]);

const x = (count: number) => 'x'.repeat(count);

check('nasty: structure and length', [
  refused('', 'nothing'),
  refused('@', 'only a separator'),
  refused('/', 'only a separator'),
  refused('@/', 'only separators'),
  refused('@example.com', 'empty localpart'),
  refused('a@example.com/', 'empty resourcepart'),
  refused('example.com/', 'empty resourcepart'),
  refused('a@/b', 'empty domainpart'),
  refused('a@b@c', 'the second @ is in the domainpart'),
  refused('a@@c', 'the second @ is in the domainpart'),
  same('a@b//', 'a slash in the resourcepart'),
  same('a@b/c/d@e/f', 'slashes and @ in the resourcepart'),
  same('b/@', '@ alone in the resourcepart'),
  same(`${x(1023)}@example.com`, 'localpart of 1023 bytes'),
  refused(`${x(1024)}@example.com`, 'localpart of 1024 bytes'),
  same(`${'é'.repeat(511)}x@example.com`, 'localpart of 1023 bytes in UTF-8'),
  refused(`${'é'.repeat(512)}@example.com`, 'localpart of 1024 bytes in UTF-8'),
  [`${'e\u0301'.repeat(511)}@example.com`, `${'é'.repeat(511)}@example.com`, 'longer only before it is normalised'],
  [`${'Ａ'.repeat(1023)}@example.com`, `${'a'.repeat(1023)}@example.com`, 'longer only before it is mapped'],
  same(`a@example.com/${x(1023)}`, 'resourcepart of 1023 bytes'),
  refused(`a@example.com/${x(1024)}`, 'resourcepart of 1024 bytes'),
  same(`a@example.com/${'中'.repeat(341)}`, 'resourcepart of 1023 bytes in UTF-8'),
  refused(`a@example.com/${'中'.repeat(342)}`, 'resourcepart of 1026 bytes in UTF-8'),
  refused(`a@example.com/${x(300_000)}`, 'far too long'),
  refused(`a@${'é.'.repeat(100_000)}com`, 'far too long a domainpart'),
]);

check('nasty: localpart', [
  ['Juliet@example.com', 'juliet@example.com', 'upper case'],
  refused(' a@example.com', 'leading space'),
  refused('a @example.com', 'trailing space'),
  refused('a\tb@example.com', 'tab'),
  refused('a\nb@example.com', 'line feed'),
  refused('a\0b@example.com', 'NUL'),
  refused('a\x7fb@example.com', 'DEL'),
  refused('a\u00a0b@example.com', 'no-break space'),
  refused('a\u3000b@example.com', 'ideographic space'),
  refused('\ud800@example.com', 'lone high surrogate'),
  refused('a\udc00@example.com', 'lone low surrogate'),
  refused('a\ufeffb@example.com', 'byte order mark'),
  refused('a\u00adb@example.com', 'soft hyphen'),
  refused('a\u200bb@example.com', 'zero width space'),
  refused('a\u202eb@example.com', 'right-to-left override'),
  refused('a\ufffeb@example.com', 'noncharacter'),
  refused('a\u{e0041}b@example.com', 'tag'),
  refused('a\ue000b@example.com', 'private use'),
  refused('a\u0378b@example.com', 'unassigned'),
  ...Array.from('"&\':<>', (c) => refused(`a${c}b@example.com`, 'RFC 7622 §3.3.1')),
  ...Array.from('＂＆＇／：＜＞＠', (c) => refused(`a${c}b@example.com`, 'RFC 7622 §3.3.1, once its width is mapped')),
  refused('a<\u0338b@example.com', 'becomes the symbol ≮'),
  same('!#$%()*+,-.;=?[\\]^_`{|}~@example.com', 'all other ASCII characters'),
  refused('ﬁsh@example.com', 'ligature'),
  refused('a²@example.com', 'superscript'),
  ['ＪＵＬＩＥＴ@example.com', 'juliet@example.com', 'fullwidth'],
  ['ｶﾞ@example.com', 'ガ@example.com', 'halfwidth with its voiced mark'],
  refused('ﾡ@example.com', 'halfwidth jamo'),
  ['한@example.com', '한@example.com', 'decomposed Hangul, as file names have it'],
  refused('ᄀ@example.com', 'a jamo alone'),
  ['\u212a@example.com', 'k@example.com', 'Kelvin sign'],
  ['Å@example.com', 'å@example.com', 'Ångström sign'],
  ['A\u030a@example.com', 'å@example.com', 'combining ring'],
  ['ẞ@example.com', 'ß@example.com', 'capital sharp s'],
  ['ΟΔΥΣΣΕΥΣ@example.com', 'οδυσσευσ@example.com', 'sigma at the end of a word'],
  ['ODYSSEYΣ.@example.com', 'odysseyσ.@example.com', 'sigma before a dot'],
  ['İ@example.com', 'i̇@example.com', 'capital dotted i'],
  ['I@example.com', 'i@example.com', 'no Turkish rules'],
  same('ı@example.com', 'dotless i'),
  ['ǅ@example.com', null, 'titlecase digraph: compatibility'],
  refused('a\u200db@example.com', 'zero width joiner without a virama'),
  same('क्\u200dष@example.com', 'zero width joiner behind a virama'),
  same('क्\u200cष@example.com', 'zero width non-joiner behind a virama'),
  same('نامه\u200cای@example.com', 'zero width non-joiner between joining letters'),
  refused('a\u200cb@example.com', 'zero width non-joiner between others'),
  refused('نامه\u200c\u200cای@example.com', 'two of them'),
  refused('\u200cab@example.com', 'zero width non-joiner at the start'),
  same('paral·lel@example.com', 'middle dot between l and l'),
  ['PARAL·LEL@example.com', 'paral·lel@example.com', 'the rule looks at what is mapped'],
  refused('a·b@example.com', 'middle dot elsewhere'),
  same('͵α@example.com', 'keraia before Greek'),
  refused('a͵b@example.com', 'keraia before Latin'),
  same('א׳@example.com', 'geresh behind Hebrew'),
  refused('׳א@example.com', 'geresh first'),
  same('東・京@example.com', 'katakana middle dot with Han'),
  refused('a・b@example.com', 'katakana middle dot alone'),
  same('ا١@example.com', 'Arabic-Indic digits'),
  same('ا۱@example.com', 'extended Arabic-Indic digits'),
  refused('ا١۱@example.com', 'both'),
  refused('اـا@example.com', 'tatweel'),
  same('مرحبا@example.com', 'right to left'),
  same('שלום@example.com', 'right to left'),
  refused('aمرحبا@example.com', 'both directions'),
  refused('مرحباa@example.com', 'both directions'),
  refused('1מ@example.com', 'right to left behind a digit'),
  same('מ1@example.com', 'a digit behind right to left'),
]);

check('nasty: domainpart', [
  ['a@EXAMPLE.com', 'a@example.com', 'upper case'],
  ['a@example.com.', 'a@example.com', 'the final dot goes'],
  ['example.com./r', 'example.com/r', 'the final dot goes'],
  refused('a@example.com..', 'two final dots'),
  refused('.', 'the root'),
  refused('a@.example.com', 'leading dot'),
  refused('a@b..c', 'empty label'),
  refused('a@-b.c', 'hyphen at the start of a label'),
  refused('a@b-.c', 'hyphen at the end of a label'),
  refused('a@b.c-', 'hyphen at the end'),
  same('a@b-c.d-e', 'hyphens inside'),
  same('a@b--c.d', 'two hyphens, not at 3 and 4'),
  refused('a@bc--d.e', 'hyphens at 3 and 4 are reserved'),
  refused('a@b_c.d', 'underscore'),
  refused('a@b c', 'space'),
  refused('b c', 'space'),
  refused('a@b\0c', 'NUL'),
  refused('a@\ud800', 'lone surrogate'),
  refused('a@b:5222', 'a port'),
  refused('a@b＠c', 'fullwidth @'),
  refused('a@b／c', 'fullwidth slash'),
  refused('a@b%41', 'percent'),
  same(`a@${x(63)}.com`, 'label of 63'),
  refused(`a@${x(64)}.com`, 'label of 64'),
  same(`a@${`${x(49)}.`.repeat(5)}com`, 'name of 253'),
  refused(`a@${`${x(49)}.`.repeat(5)}coms`, 'name of 254'),
  refused(`a@${'中'.repeat(63)}.com`, 'a label that is too long in its ASCII form'),
  same('a@faß.de', 'sharp s is not ss (non-transitional)'),
  same('a@βόλος.com', 'final sigma stays'),
  ['a@BÜCHER.example', 'a@bücher.example', 'upper case umlaut'],
  ['a@bu\u0308cher.example', 'a@bücher.example', 'combining umlaut'],
  ['a@xn--bcher-kva.example', 'a@bücher.example', 'A-label becomes U-label'],
  ['a@XN--BCHER-KVA.example', 'a@bücher.example', 'A-label in upper case'],
  refused('a@xn--a.example', 'broken punycode'),
  refused('a@xn--.example', 'empty punycode'),
  refused('a@xn--bcher-kvÄ.example', 'punycode that is not ASCII'),
  refused('a@♚.example', 'a symbol, which UTS #46 would let pass and IDNA2008 does not'),
  refused('a@☕.example', 'a symbol'),
  refused('a@xn--45h.example', 'a symbol in punycode'),
  refused('a@a\u200db.example', 'zero width joiner'),
  refused('a@a·b.example', 'middle dot'),
  refused('a@\u0301a.example', 'combining mark first'),
  same('a@مثال.إختبار', 'right to left'),
  refused('a@aمثال.example', 'both directions in one label'),
  same('a@127.0.0.1', 'IPv4'),
  same('127.0.0.1/r', 'IPv4'),
  ['[::1]', '[::1]', 'IPv6'],
  ['a@[2001:DB8:0:0::1]/r', 'a@[2001:db8::1]/r', 'IPv6 in one form'],
  refused('a@::1', 'IPv6 without brackets'),
  refused('a@[::1', 'half a bracket'),
  refused('a@[127.0.0.1]', 'IPv4 in brackets'),
  refused('a@[fe80::1%25eth0]', 'with a zone'),
  refused('a@[fe80::1%eth0]', 'with a zone'),
  refused('a@[v1.a]', 'IP of the future'),
  refused('a@[]', 'empty brackets'),
]);

check('nasty: resourcepart', [
  same('a@b/Foo', 'case stays'),
  ['a@b/x\u00a0y', 'a@b/x y', 'no-break space becomes a space'],
  ['a@b/x\u3000y', 'a@b/x y', 'ideographic space becomes a space'],
  ['a@b/\u2003', 'a@b/ ', 'em space alone'],
  ['a@b/e\u0301', 'a@b/é', 'NFC'],
  same('a@b/ｆｕｌｌ', 'fullwidth stays'),
  same('a@b/ﬁⅣ²', 'compatibility characters stay'),
  same('a@b/😀👍🏽', 'emoji'),
  same('a@b/aمرحبا', 'both directions'),
  refused('a@b/x\0', 'NUL'),
  refused('a@b/x\ty', 'tab'),
  refused('a@b/x\ny', 'line feed'),
  refused('a@b/\x7f', 'DEL'),
  refused('a@b/\ud800', 'lone surrogate'),
  refused('a@b/\u2028', 'line separator'),
  refused('a@b/\u200b', 'zero width space'),
  refused('a@b/👨\u200d👩', 'zero width joiner without a virama'),
  refused('a@b/❤\ufe0f', 'variation selector'),
  refused('a@b/\u202e', 'right-to-left override'),
  refused('a@b/\uffff', 'noncharacter'),
  refused('a@b/\u0378', 'unassigned'),
]);

check('中文', [
  same('张三@example.com', '简体'),
  same('張三@example.com', '繁體 is another address than its simplified form'),
  same('臺灣@example.com/臺', '臺'),
  same('台湾@example.com/台', '台 is another address than 臺'),
  same('〇一二@example.com', 'ideographic zero'),
  same('李雷@中文域名.中国/手机', 'all three parts'),
  ['李雷@中文域名。中国', '李雷@中文域名.中国', 'ideographic full stop as separator'],
  ['李雷@中文域名．中国', '李雷@中文域名.中国', 'fullwidth full stop as separator'],
  ['李雷@中文域名｡中国。', '李雷@中文域名.中国', 'halfwidth one, and a final one'],
  ['李雷@xn--fiq06l2rdsvs.xn--fiqs8s', '李雷@中文域名.中国', 'punycode is the same address'],
  ['ｌｉｌｅｉ１@ｅｘａｍｐｌｅ．ｃｏｍ', 'lilei1@example.com', '全角'],
  ['李雷@例子.中国/书房　电脑', '李雷@例子.中国/书房 电脑', '全角空格 in the resourcepart'],
  refused('李　雷@例子.中国', '全角空格 in the localpart'),
  refused('李，雷。@例子.中国', 'Chinese punctuation in the localpart'),
  same('a@例子.中国/你好，世界！', 'Chinese punctuation in the resourcepart'),
  same('𠮷野@example.com', 'beyond the BMP'),
  same('㐀@例子.中国', 'extension A'),
  ['\uf900@example.com', '豈@example.com', 'compatibility ideograph'],
  refused('㈱@example.com', 'parenthesised ideograph'),
  refused('①@example.com', 'circled digit'),
  same(`${'中'.repeat(341)}@例子.中国`, '1023 bytes'),
  refused(`${'中'.repeat(342)}@例子.中国`, '1026 bytes'),
]);

describe('parts', () => {
  it('come apart', () => {
    const full = parseJid('juliet@example.com/a@b/c');
    assert.deepEqual([localOf(full), domainOf(full), resourceOf(full)], ['juliet', 'example.com', 'a@b/c']);
    assert.equal(bareOf(full), 'juliet@example.com');
    assert.equal(isFull(full), true);
    const domain = parseJid('example.com/a@b');
    assert.deepEqual([localOf(domain), domainOf(domain), resourceOf(domain)], ['', 'example.com', 'a@b']);
    const bare = parseJid('juliet@example.com');
    assert.deepEqual([localOf(bare), domainOf(bare), resourceOf(bare)], ['juliet', 'example.com', '']);
    assert.equal(isFull(bare), false);
    assert.equal(bareOf(bare), bare);
  });

  it('come together, prepared', () => {
    assert.equal(makeBareJid('Juliet', 'Example.COM'), 'juliet@example.com');
    assert.equal(makeBareJid('', 'Example.COM'), 'example.com');
    assert.equal(makeFullJid(makeBareJid('a', 'b'), 'x\u00a0y'), 'a@b/x y');
    assert.throws(() => makeFullJid(makeBareJid('a', 'b'), ''), JidError);
    assert.throws(() => makeBareJid('a@b', 'c'), JidError);
    assert.throws(() => makeBareJid('a', 'b/c'), JidError);
  });

  it('a bare JID has no resource', () => {
    assert.equal(parseBareJid('A@b'), 'a@b');
    assert.throws(() => parseBareJid('a@b/c'), JidError);
  });

  it('the reason names the part and not the text', () => {
    const reasonOf = (text: string) => {
      try {
        return parseJid(text);
      } catch (error) {
        return (error as JidError).reason;
      }
    };
    assert.equal(reasonOf('sec ret@b'), 'localpart: a character that is not allowed');
    assert.equal(reasonOf('a@sec ret'), 'domainpart: a character or label that is not allowed');
    assert.equal(reasonOf('a@b/'), 'empty resourcepart');
    assert.equal(reasonOf(`a@b/${x(1024)}`), 'resourcepart: too long');
  });
});

/** Text made of what makes preparation stumble. */
const nastyChar = fc.constantFrom(
  ...Array.from(
    'aZ09.-_@/\\ "<\u0338[]:%＠／．。Ａｶﾞßẞςσ΢ΣıİKÅé\u0301\u0345\u00b7lL\u0375α׳אا١۱ـ\u200c\u200d्क中臺〇・ア①Ⅳﬁ♚😀가\u1100\u1161\u00a0\u3000\u00ad\ufe0f\u202e\0\x7f\uffff\u0378ǅᾼΐ',
  ),
  '\ud800',
  '\udc00',
  'xn--',
);
const nastyText = fc.oneof(
  fc.array(nastyChar, { maxLength: 12 }).map((chars) => chars.join('')),
  fc.string({ unit: 'binary', maxLength: 12 }),
  fc.string({ unit: 'grapheme', maxLength: 12 }),
);
const nastyJid = fc
  .tuple(fc.option(nastyText), fc.oneof(nastyText, fc.domain()), fc.option(nastyText))
  .map(
    ([local, domain, resource]) =>
      `${local === null ? '' : `${local}@`}${domain}${resource === null ? '' : `/${resource}`}`,
  );

/** The JID of a text; undefined where JidError; every other error comes through. */
const jidOf = (text: string): Jid | undefined => tryParseJid(text);

describe('properties', () => {
  it('preparation is idempotent, and parts reassemble', () => {
    fc.assert(
      fc.property(nastyJid, (text) => {
        const jid = jidOf(text);
        if (jid === undefined) return;
        assert.equal(parseJid(jid), jid);
        const bare = makeBareJid(localOf(jid), domainOf(jid));
        assert.equal(bare, bareOf(jid));
        assert.equal(isFull(jid) ? makeFullJid(bare, resourceOf(jid)) : bare, jid);
        assert.equal(jid, jid.normalize('NFC'));
        assert.equal(Buffer.from(jid).toString(), jid, 'well-formed Unicode');
      }),
      { numRuns: 5_000 },
    );
  });

  it('each part is prepared idempotently', () => {
    for (const prepare of [prepareLocal, prepareDomain, prepareResource]) {
      fc.assert(
        fc.property(nastyText, (text) => {
          let once: string;
          try {
            once = prepare(text);
          } catch (error) {
            assert.ok(error instanceof JidError);
            return;
          }
          assert.equal(prepare(once), once);
        }),
        { numRuns: 3_000 },
      );
    }
  });

  it('plain addresses come back as they went in', () => {
    const word = fc.stringMatching(/^[a-z0-9]{1,12}$/);
    fc.assert(
      fc.property(word, word, word, (local, domain, resource) => {
        assert.equal(parseJid(`${local}@${domain}.example/${resource}`), `${local}@${domain}.example/${resource}`);
      }),
      { numRuns: 500 },
    );
  });
});
