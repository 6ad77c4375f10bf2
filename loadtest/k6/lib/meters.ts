// All that these scripts measure, declared once: k6 wants that when a script is loaded.
import { Counter, Trend } from 'k6/metrics';

export const meters = {
  /** From the first try to the bound resource. */
  loginTime: new Trend('login_time', true),
  loginFailures: new Counter('login_failures'),
  /** From the lost connection to `<resumed/>`. */
  resumeTime: new Trend('resume_time', true),
  sessionsResumed: new Counter('sessions_resumed'),
  /** Could not be resumed: its client had to bind anew. */
  sessionsLost: new Counter('sessions_lost'),

  messagesSent: new Counter('messages_sent'),
  /** Covered by `<a h=''/>` (XEP-0198). */
  messagesAcknowledged: new Counter('messages_acknowledged'),
  /** Each once. */
  messagesDelivered: new Counter('messages_delivered'),
  /** Of one sender to one receiver, one was missing behind which others came. */
  messagesLost: new Counter('messages_lost'),
  messagesAgain: new Counter('messages_duplicate'),
  messagesLate: new Counter('messages_out_of_order'),
  messagesRefused: new Counter('messages_refused'),
  /** From the first try to send until it is at its receiver. */
  timeToDelivery: new Trend('time_to_delivery', true),
  timeToAcknowledgement: new Trend('time_to_acknowledgement', true),

  presenceSent: new Counter('presence_sent'),
  presenceDelivered: new Counter('presence_delivered'),
  presenceTime: new Trend('presence_time', true),
} as const;
