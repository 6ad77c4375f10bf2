/**
 * An immutable element. Attribute names are local names; a namespaced one is `{uri}local`, save xml:lang and the like,
 * which are written `xml:…`. Namespace declarations are not attributes.
 */
export interface Element {
  readonly name: string;
  readonly ns: string;
  readonly attrs: Readonly<Record<string, string>>;
  readonly children: readonly (Element | string)[];
}
