// Source: XEP-0030 2.5.0 — Service Discovery
// With forms by XEP-0128 1.0.1.
import { rosters, SESSION_STATE, seenByContact } from '@starling/contracts';
import { type DiscoEntity, defineFeature, type IqRequest } from '@starling/feature-api';
import type { BareJid } from '@starling/jid';
import { configSpec } from '@starling/runtime';
import { StanzaError } from '@starling/stanza';
import { infoElement, itemsElement, NS } from './answers.ts';

export default defineFeature({
  name: 'disco',
  xep: {
    number: 30,
    version: '2.5.0',
    status: 'complete',
    since: '0.1.0',
    note: 'with forms (XEP-0128); the server has no items yet',
  },
  runsOn: ['edge'],
  disco: { server: [NS.info, NS.items], account: [NS.info, NS.items] },
  config: configSpec({}),
  setup({ iq, disco, call, sessionsOf }) {
    iq.get(NS.info, 'query', ['server', 'account', 'another-account'], async (request) => {
      // §8: an account that is not there, and one that does not share its presence, answer alike.
      if (request.target === 'another-account' && !(await maySeePresence(request)))
        throw new StanzaError('service-unavailable');
      const { node } = request.payload.attrs;
      const entity = entityOf(request);
      return infoElement(node === undefined ? disco[entity] : infoOf(entity, node), node);
    });

    iq.get(NS.items, 'query', ['server', 'account', 'another-account'], async (request) => {
      const { node } = request.payload.attrs;
      if (request.target === 'server') {
        if (node !== undefined) infoOf('server', node);
        return itemsElement([], node);
      }
      // §8: nothing, whether the account is not there or does not share its presence.
      if (request.target === 'another-account' && !(await maySeePresence(request))) return itemsElement([], node);
      if (node !== undefined) {
        infoOf('account', node);
        return itemsElement([], node);
      }
      return itemsElement(await availableResources(request.account), node);
    });

    /** §3.2: a node that an entity does not have is item-not-found. */
    function infoOf(entity: DiscoEntity, node: string) {
      const info = disco.nodes[entity].find(node);
      if (info === undefined) throw new StanzaError('item-not-found');
      return info;
    }

    async function maySeePresence({ account, session }: IqRequest): Promise<boolean> {
      const { exists, subscription } = await call(rosters.contact, { user: account, contact: session.jid });
      return exists && seenByContact(subscription);
    }

    /** §4.1: of an account, its available resources. */
    async function availableResources(account: BareJid): Promise<readonly string[]> {
      const rows = await sessionsOf(account);
      return rows.filter((row) => row.state === SESSION_STATE.available).map((row) => `${account}/${row.resource}`);
    }
  },
});

const entityOf = ({ target }: IqRequest): DiscoEntity => (target === 'server' ? 'server' : 'account');
