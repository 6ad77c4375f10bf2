/** A failure that is not counted against a run, and why. The empty list is the goal. */
export interface KnownFailure {
  /** 'RosterIntegrationTest', or with a method: 'RosterIntegrationTest.subscribeRequestListenerTest'; without it any. */
  readonly test?: string;
  /** Only with this kind of connection. */
  readonly connection?: string;
  /** Only when the failure says this. */
  readonly told?: string;
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
  "RFC 6120 §4.8.1: Smack's answer to a roster push that comes while it leaves stays in its queue, and goes out before the header of its next stream, as the first bytes of the new connection: invalid-namespace";

const LOST_WRITE =
  "Smack's newer connection now and then stops writing while it starts TLS: no ClientHello behind <proceed/>, or no stream header behind its own Finished, which the edge has acknowledged with tickets (seen on the wire); what it waits for cannot come (1,000 of 1,000 eager clients of another make got through; services/edge has the test)";

/** What the client does wrong by chance, in whichever test it happens: such a test is run again. */
export const CLIENT_FAULTS: readonly KnownFailure[] = [
  { told: 'StreamErrorException: invalid-namespace', sometimes: true, reason: STALE_ANSWER },
  { told: 'While waiting for TLS handshake to finish [Modular', sometimes: true, reason: LOST_WRITE },
  { told: 'While waiting for stream features after TLS established [Modular', sometimes: true, reason: LOST_WRITE },
  // The thread that writes for all its newer connections is stuck: the next one is not even connected.
  { told: 'SmackStateGraphDeadEndException', sometimes: true, reason: LOST_WRITE },
];

export const KNOWN_FAILURES: readonly KnownFailure[] = [
  ...CLIENT_FAULTS,
  // These ask each other's full JID, and see to no subscription or directed presence before. Smack runs its classes in no certain
  // order: behind one that leaves its accounts subscribed to each other they pass.
  { test: 'AdHocCommandIntegrationTest', sometimes: true, reason: STRANGERS_IQ },
  { test: 'FileTransferIntegrationTest', sometimes: true, reason: STRANGERS_IQ },
  { test: 'PingIntegrationTest.pingAsync', sometimes: true, reason: STRANGERS_IQ },
  { test: 'VersionIntegrationTest.testVersion', sometimes: true, reason: STRANGERS_IQ },
  { test: 'RosterIntegrationTest.testPresenceDeliveredToRecipient', sometimes: true, reason: LATE_PRESENCE },
  { test: 'GeolocationIntegrationTest', reason: NO_PEP },
  { test: 'MoodIntegrationTest', reason: NO_PEP },
  { test: 'UserTuneIntegrationTest', reason: NO_PEP },
];
