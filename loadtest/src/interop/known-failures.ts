/** A failure that is not counted against a run, and why. The empty list is the goal. */
export interface KnownFailure {
  /** 'RosterIntegrationTest', or with a method: 'RosterIntegrationTest.subscribeRequestListenerTest'. */
  readonly test: string;
  /** Only with this kind of connection. */
  readonly connection?: string;
  /** Passes or fails by chance, or by what was run before: that it passes is no news. */
  readonly sometimes?: true;
  readonly reason: string;
}

const STRANGERS_IQ =
  'RFC 6121 §8.5.3.1: an IQ for a full JID from somebody who shares no presence is answered with service-unavailable';
const NO_PEP = 'XEP-0163: personal eventing is not there yet, and these publish without asking for it';

const LATE_PRESENCE =
  'RFC 6121 §2.5.2 sets no order between the answer to a removal and the unsubscribe that the contact gets; Smack takes the latter, when it comes late, for what it waits for';
const STALE_ANSWER =
  "RFC 6120 §4.8.1: Smack's answer to a roster push that comes while it leaves stays in its queue, and goes out before the header of its next stream: invalid-namespace";

const LOST_HELLO =
  "Smack's newer connection now and then never sends its ClientHello behind <proceed/>: what it waits for cannot come (1,000 of 1,000 eager clients of another make got through; services/edge has the test)";

export const KNOWN_FAILURES: readonly KnownFailure[] = [
  // These ask each other's full JID, and see to no subscription or directed presence before. Smack runs its classes in no certain
  // order: behind one that leaves its accounts subscribed to each other they pass.
  { test: 'AdHocCommandIntegrationTest', sometimes: true, reason: STRANGERS_IQ },
  { test: 'FileTransferIntegrationTest', sometimes: true, reason: STRANGERS_IQ },
  { test: 'PingIntegrationTest.pingAsync', sometimes: true, reason: STRANGERS_IQ },
  { test: 'VersionIntegrationTest.testVersion', sometimes: true, reason: STRANGERS_IQ },
  { test: 'RosterIntegrationTest.testPresenceDeliveredToRecipient', sometimes: true, reason: LATE_PRESENCE },
  // Its newer connection, by TCP: the push comes together with our closing tag.
  { test: 'LowLevelRosterIntegrationTest', connection: 'modular', sometimes: true, reason: STALE_ANSWER },
  { test: 'LowLevelRosterIntegrationTest', connection: 'modular-nocompress', sometimes: true, reason: STALE_ANSWER },
  { test: 'ModularXmppClientToServerConnectionLowLevelIntegrationTest', sometimes: true, reason: LOST_HELLO },
  { test: 'GeolocationIntegrationTest', reason: NO_PEP },
  { test: 'MoodIntegrationTest', reason: NO_PEP },
  { test: 'UserTuneIntegrationTest', reason: NO_PEP },
];
