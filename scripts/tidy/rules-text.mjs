// What may be written where.
import { posix } from 'node:path';

const at = (source, line, message) => `${source.path}:${line}: ${message}`;
const isText = (token) => token.kind === 'string' || token.kind === 'template';

const NAMESPACE =
  /urn:xmpp:|urn:ietf:params:xml:ns:xmpp|\bjabber:(client|server|iq:|x:|component:)|https?:\/\/(etherx\.)?jabber\.org\//;

/** A namespace is written once, in a constant NS or in a file ns.ts, where a reader finds it. */
export function checkNamespaces(repository) {
  const problems = [];
  for (const source of repository.sources) {
    if (source.isTest || source.isGenerated || source.path.endsWith('/ns.ts')) continue;
    const allowed = constantRanges(source.tokens, 'NS');
    source.tokens.forEach((token, i) => {
      if (!isText(token) || !NAMESPACE.test(token.text) || allowed.some(([from, to]) => i > from && i < to)) return;
      problems.push(at(source, token.line, `the namespace in '${token.text}' belongs in a const NS`));
    });
  }
  return problems;
}

/** The token ranges of `const <name> = { … }`. */
function constantRanges(tokens, name) {
  const ranges = [];
  tokens.forEach((token, i) => {
    if (token.text !== 'const' || tokens[i + 1]?.text !== name) return;
    let depth = 0;
    let end = i + 1;
    do {
      end++;
      if (tokens[end]?.kind === 'mark' && '{(['.includes(tokens[end].text)) depth++;
      if (tokens[end]?.kind === 'mark' && '})]'.includes(tokens[end].text)) depth--;
    } while (end < tokens.length && (depth > 0 || tokens[end].text !== ';'));
    ranges.push([i, end]);
  });
  return ranges;
}

/** 'm.7.x', `u.${p}.${user}`, 'edge.', 'a.3.gap', 'r.>': the subjects of design §3, whole or the beginning of one. */
const SUBJECT = /^(m|u|t|d|a|r|p|o|h|sm|edge)\.($|\*|>|\$\{\}|\d+(\.|$)|(keys|create|set-keys|remove|exists|list)$)/;

export function checkSubjects(repository) {
  return repository.sources
    .filter((s) => !s.isTest && s.workspace !== 'packages/contracts')
    .flatMap((source) =>
      source.tokens
        .filter((token) => isText(token) && SUBJECT.test(token.text))
        .map((token) => at(source, token.line, `'${token.text}' looks like a subject: packages/contracts builds them`)),
    );
}

const MACHINE_PATH =
  /(^|[\s"'`(=:])(\/(?:work|workspace|builds)\/[a-z][\w-]*|\/home\/(?!node\b|starling\b)[a-z][\w-]*|\/Users\/[A-Za-z]\w*|\/root)\//m;
const REGISTRY_HOST =
  /https?:\/\/([\w.-]+\.)?(registry|npm|nexus|artifactory|verdaccio|mirror|proxy)\.[\w.-]+|https?:\/\/[\w.-]+\.pkg\.dev/;

/** A file that only works on the machine where it was written. */
export function checkMachineTraces(repository) {
  const problems = [];
  for (const [path, text] of repository.files) {
    const found =
      MACHINE_PATH.exec(text) ??
      REGISTRY_HOST.exec(text) ??
      (path.endsWith('package-lock.json') && /"resolved": "http[^"]*"/.exec(text));
    if (found) problems.push(`${path}:${lineOf(text, found.index)}: ${found[0].trim()} belongs to one machine`);
  }
  return problems;
}

const lineOf = (text, index) => text.slice(0, index).split('\n').length;

const MARKDOWN_LINK = /\]\(<?([^)\s>]+)>?(?:\s+"[^"]*")?\)/g;
const CODE = /^```[\s\S]*?^```|`[^`\n]*`/gm;

/** A link in a Markdown file to a file or folder of this repository leads to one; anchors and other sites are not looked at. */
export function checkLinks(repository) {
  const problems = [];
  for (const [path, text] of repository.files) {
    if (!path.endsWith('.md')) continue;
    // Code keeps its length, so that what follows keeps its line.
    const prose = text.replace(CODE, (code) => code.replace(/[^\n]/g, ' '));
    for (const { 1: link, index } of prose.matchAll(MARKDOWN_LINK)) {
      const [target] = link.split('#');
      if (target === '' || /^[a-z][a-z\d+.-]*:/i.test(target)) continue;
      const wanted = posix.join(posix.dirname(path), decodeURI(target)).replace(/\/$/, '');
      if (wanted !== '.' && !repository.paths.has(wanted))
        problems.push(`${path}:${lineOf(text, index)}: ${link} leads nowhere`);
    }
  }
  return problems;
}
