import type { DiscoForm } from '@starling/feature-api';

export const NS = { serverInfo: 'http://jabber.org/network/serverinfo' } as const;

/** The form that tells whom to write to for what (§3), of texts with addresses by role; undefined when there are none. */
export function contactForm(byRole: Readonly<Record<string, string>>): DiscoForm | undefined {
  const fields = Object.entries(byRole)
    .map(([role, text]) => ({ var: `${role}-addresses`, values: text.split(' ').filter((uri) => uri !== '') }))
    .filter(({ values }) => values.length > 0);
  return fields.length === 0 ? undefined : { type: NS.serverInfo, fields };
}
