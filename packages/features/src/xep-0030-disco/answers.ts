import type { DiscoForm, DiscoInfo, Identity } from '@starling/feature-api';
import { el } from '@starling/stanza';
import type { Element } from '@starling/xml';

export const NS = {
  info: 'http://jabber.org/protocol/disco#info',
  items: 'http://jabber.org/protocol/disco#items',
  form: 'jabber:x:data',
} as const;

/** The answer to disco#info (§3.1): identities first, then features, then forms (XEP-0128); with the node that was asked for (§3.2). */
export function infoElement({ identities, features, forms }: DiscoInfo, node: string | undefined): Element {
  return el(
    'query',
    NS.info,
    withNode(node),
    ...identities.map(identityElement),
    ...features.map((feature) => el('feature', NS.info, { var: feature })),
    ...forms.map(formElement),
  );
}

/** The answer to disco#items (§4.1): items that have a JID, none when there are none; with the node that was asked for (§4.2). */
export function itemsElement(jids: readonly string[], node: string | undefined): Element {
  return el('query', NS.items, withNode(node), ...jids.map((jid) => el('item', NS.items, { jid })));
}

const withNode = (node: string | undefined) => (node === undefined ? {} : { node });

function identityElement({ category, type, name, lang }: Identity): Element {
  return el('identity', NS.info, {
    category,
    type,
    ...(name !== undefined && { name }),
    ...(lang !== undefined && { 'xml:lang': lang }),
  });
}

function formElement({ type, fields }: DiscoForm): Element {
  const value = (text: string) => el('value', NS.form, {}, text);
  return el(
    'x',
    NS.form,
    { type: 'result' },
    el('field', NS.form, { var: 'FORM_TYPE', type: 'hidden' }, value(type)),
    ...fields.map((field) => el('field', NS.form, { var: field.var }, ...field.values.map(value))),
  );
}
