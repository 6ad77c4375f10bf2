import type { Bus, Subscription } from '@starling/bus';
import { blocks as blockMethods, type Method, personal as methods, rosters } from '@starling/contracts';
import type { Db } from '@starling/db';
import type { AccountCopies } from './account-copies.ts';
import type { BatchedReads } from './batched-reads.ts';
import { Blocks } from './blocks.ts';
import type { RosterConfig } from './config.ts';
import { contactOf } from './contact-query.ts';
import { LastActivities } from './last-activity.ts';
import type { Notices } from './notices.ts';
import type { Preferences } from './preferences.ts';
import { PrivateXmlStore } from './private-xml.ts';
import type { StoredWishes } from './sql/select-wishes.ts';
import { Vcards } from './vcards.ts';

/** Serves one method, by its name in metrics. */
export type Answer = <Request, Reply>(
  name: string,
  method: Method<Request, Reply>,
  handler: (request: Request) => Promise<Reply>,
) => Subscription;

/** Answers for what accounts keep beside their rosters. */
export function servePersonal(
  answer: Answer,
  {
    db,
    bus,
    notices,
    copies,
    wishes,
    preferences,
    config,
  }: {
    db: Db;
    bus: Bus;
    notices: Notices;
    copies: AccountCopies;
    wishes: BatchedReads<StoredWishes>;
    preferences: Preferences;
    config: RosterConfig;
  },
): readonly Subscription[] {
  const { privateXmlBytesMax: bytesMax, privateXmlElementsMax: elementsMax } = config;
  const privateXml = new PrivateXmlStore({ db, bytesMax, elementsMax });
  const vcards = new Vcards({ db, bytesMax: config.vcardBytesMax });
  const last = new LastActivities(db, copies);
  const blocks = new Blocks({
    db,
    bus,
    notices,
    copies,
    wishes,
    max: config.blocksMax,
    bytesMax: config.blocksBytesMax,
  });
  return [
    answer('contact', rosters.contact, ({ user, contact }) => contactOf({ db, copies }, user, contact)),
    answer('private-get', methods.privateXml, async ({ user, ns, name }) => ({
      xml: await privateXml.get(user, ns, name),
    })),
    answer('private-set', methods.setPrivateXml, async ({ user, elements }) => {
      await privateXml.set(user, elements);
      return {};
    }),
    answer('vcard-get', methods.vcard, async ({ user, asker }) => ({ xml: await vcards.get(user, asker) })),
    answer('vcard-set', methods.setVcard, async ({ user, xml }) => {
      await vcards.set(user, xml);
      return {};
    }),
    answer('last', methods.last, ({ user, asker }) => last.get(user, asker)),
    answer('last-set', methods.setLast, async ({ users }) => {
      await last.set(users);
      return {};
    }),
    answer('blocks', blockMethods.list, async ({ user, preferences: both }) => {
      if (!both) return blocks.list(user);
      const [list, own] = await Promise.all([blocks.list(user), preferences.get(user)]);
      return { ...list, preferences: own };
    }),
    answer('change-blocks', blockMethods.change, ({ user, block, unblock, unblockAll }) =>
      blocks.change(user, { block, unblock, unblockAll }),
    ),
  ];
}
