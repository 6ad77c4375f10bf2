/** One element on a WebSocket (RFC 7395 §3.3.3), read as far as these scripts need it. */
export interface Frame {
  readonly name: string;
  readonly text: string;
}

const NAME = /^<([a-zA-Z][\w:.-]*)/;

export function readFrame(text: string): Frame {
  const [, name = ''] = NAME.exec(text) ?? [];
  return { name: name.replace(/^stream:/, ''), text };
}

/** An attribute of the outermost element; '' = it has none. */
export function attributeOf({ text }: Frame, name: string): string {
  const head = text.slice(0, text.indexOf('>'));
  const [, quoted, other] = new RegExp(`\\s${name}=(?:'([^']*)'|"([^"]*)")`).exec(head) ?? [];
  return quoted ?? other ?? '';
}

/** The text of the first such element, which holds nothing else; '' = there is none. */
export function textIn({ text }: Frame, name: string): string {
  const [, found = ''] = new RegExp(`<${name}(?:\\s[^>]*)?>([^<]*)</${name}>`).exec(text) ?? [];
  return found;
}

/** The text of the outermost element. */
export function ownText({ text }: Frame): string {
  const [, found = ''] = /^<[^>]*>([^<]*)</.exec(text) ?? [];
  return found;
}
