import { serve } from '@starling/bus';
import {
  accounts,
  archive,
  blocks,
  encodeDigest,
  offline,
  personal,
  preferences,
  queues,
  rosters,
  SUBSCRIPTION,
  subjects,
  type UserContacts,
} from '@starling/contracts';
import type { Network } from './network.ts';
import type { Population } from './population.ts';
import type { Streams } from './streams.ts';

const EPOCH = 1;
const DIGEST_MS = 1_000;
/** Addresses of contacts in one answer: it has to fit into a message. */
const ANSWER_CHARACTERS_MAX = 600_000;
/** What an account has in the roster service: two mechanisms. */
const KEYS = ['SCRAM-SHA-1', 'SCRAM-SHA-256'].map((mechanism) => ({
  mechanism,
  salt: new Uint8Array(16),
  iterations: 4_096,
  storedKey: new Uint8Array(32),
  serverKey: new Uint8Array(32),
}));

/** The roster service, as far as edges and owners ask it when nothing changes. @param onError what a handler threw */
export function startRosters(network: Network, population: Population, onError: (error: unknown) => void): void {
  const bus = network.connect(network.time.newActor('roster', 'roster'));
  const queue = queues.roster;
  const contactsOf = (user: string): UserContacts => ({
    exists: true,
    version: { lineage: 'l', number: 1 },
    contacts: population.contactsOf(user).map((jid) => ({ jid, subscription: SUBSCRIPTION.both })),
    requests: 0,
    blocked: [],
  });
  const answer = ({ users }: { readonly users: readonly string[] }) => {
    const answers: UserContacts[] = [];
    let characters = 0;
    for (const user of users) {
      const contacts = contactsOf(user);
      characters += contacts.contacts.reduce((sum, { jid }) => sum + jid.length, 0);
      if (answers.length > 0 && characters > ANSWER_CHARACTERS_MAX) break;
      answers.push(contacts);
    }
    return { users: answers };
  };
  serve(bus, rosters.contacts, queue, async (request) => answer(request), onError);
  serve(bus, rosters.contactsSince, queue, async () => ({ changed: [] }), onError);
  serve(bus, rosters.requests, queue, async () => ({ stanzas: [] }), onError);
  serve(bus, personal.setLast, queue, async () => ({}), onError);
  serve(bus, accounts.keys, queue, async () => ({ exists: true, keys: KEYS }), onError);
  const everything = { version: 0, fallback: 0, always: [], never: [], roster: [] } as const;
  const nobody = { version: 0, jids: [], cleared: false, preferences: everything };
  serve(bus, blocks.list, queue, async () => nobody, onError);
  serve(bus, preferences.get, queue, async () => everything, onError);
}

/** The archives, as far as edges ask them while nobody was away; and their digests. */
export function startArchives(network: Network, streams: Streams, onError: (error: unknown) => void): void {
  const actor = network.time.newActor('archive', 'archive');
  const bus = network.connect(actor);
  const { archive: queue } = queues;
  for (let stream = 0; stream < streams.count; stream++) {
    const end = () => ({ epoch: EPOCH, sequence: streams.lastOf(stream) });
    const nothing = async () => ({ entries: [], complete: true });
    serve(bus, archive.last(stream), queue, async () => ({ epoch: EPOCH, last: [], upTo: end() }), onError);
    serve(bus, archive.gap(stream), queue, nothing, onError);
    const nobodyElse = async () => ({ entries: [], complete: true, reached: end(), taken: false, covered: true });
    serve(bus, offline.waiting(stream), queue, nobodyElse, onError);
    serve(bus, offline.covered(stream), queue, async () => ({}), onError);
    let counter = 0;
    const tell = () => {
      const last = Array.from(streams.takeNews(stream), ([user, sequence]) => ({
        user,
        position: { epoch: EPOCH, sequence },
      }));
      const digest = { stream, counter: ++counter, epoch: EPOCH, last, publisher: 'archive' };
      bus.publish(subjects.digest(stream), encodeDigest(digest));
      network.time.after(DIGEST_MS, tell, actor);
    };
    network.time.after((DIGEST_MS * stream) / streams.count, tell, actor);
  }
}
