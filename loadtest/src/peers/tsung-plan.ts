// What tsung is told: an XML file. Pure.

export interface TsungPlan {
  readonly port: number;
  readonly domain: string;
  readonly users: number;
  /** Of each user. */
  readonly messages: number;
  /** Else they are silent for as long as that would take. */
  readonly isTalking: boolean;
  readonly thinkSeconds: number;
  readonly bodyBytes: number;
}

const NS = { hints: 'urn:xmpp:hints' } as const;
const ARRIVALS_PER_SECOND = 100;
/** Beyond what the arrivals take. */
const ARRIVAL_SECONDS = 5;

const SETTLE_SECONDS = 2;
/** The first bytes that come are an answer to tsung: the rest of it must not pass for the answer to the next step. */
const STEP_SECONDS = 0.3;
const STEPS = ['connect', 'auth_sasl', 'connect', 'auth_sasl_bind'] as const;

const pause = (seconds: number) => `      <thinktime value="${seconds}" random="false"/>`;
const escaped = (xml: string) =>
  xml.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

/** tsung 1.7: users t1 to t<n> with passwords pw1 to pw<n> log in with PLAIN, wait until all have, and write to one another at random. */
export function tsungXml({ port, domain, users, messages, isTalking, thinkSeconds, bodyBytes }: TsungPlan): string {
  const arrivalSeconds = Math.ceil(users / ARRIVALS_PER_SECOND);
  const body = 'x'.repeat(bodyBytes);
  const message = `<message type='chat' to='t%%_peer%%@${domain}'><body>${body}</body><no-store xmlns='${NS.hints}'/></message>`;
  const talking = `      <for from="1" to="${messages}" var="i">
        <setdynvars sourcetype="random_number" start="1" end="${users}"><var name="peer"/></setdynvars>
        <request subst="true"><jabber type="raw" ack="no_ack" data="${escaped(message)}"/></request>
        ${pause(thinkSeconds).trim()}
      </for>`;
  const silent = pause(Math.round(messages * thinkSeconds));
  return `<?xml version="1.0"?>
<!DOCTYPE tsung SYSTEM "/usr/share/tsung/tsung-1.0.dtd">
<tsung loglevel="warning" version="1.0">
  <clients><client host="localhost" use_controller_vm="true" maxusers="20000"/></clients>
  <servers><server host="127.0.0.1" port="${port}" type="tcp"/></servers>
  <load>
    <arrivalphase phase="1" duration="${arrivalSeconds + ARRIVAL_SECONDS}" unit="second">
      <users maxnumber="${users}" arrivalrate="${ARRIVALS_PER_SECOND}" unit="second"/>
    </arrivalphase>
  </load>
  <options>
    <option type="ts_jabber" name="global_number" value="${users}"/>
    <option type="ts_jabber" name="userid_max" value="${users}"/>
    <option type="ts_jabber" name="domain" value="${domain}"/>
    <option type="ts_jabber" name="username" value="t"/>
    <option type="ts_jabber" name="passwd" value="pw"/>
  </options>
  <sessions>
    <session probability="100" name="chat" type="ts_jabber">
${STEPS.map((step) => `      <request><jabber type="${step}" ack="local"/></request>\n${pause(STEP_SECONDS)}`).join('\n')}
      <request><jabber type="presence:initial" ack="no_ack"/></request>
      <transaction name="logged_in"><request><jabber type="iq:roster:get" ack="local"/></request></transaction>
${pause(arrivalSeconds + SETTLE_SECONDS)}
${isTalking ? talking : silent}
      <request><jabber type="presence:final" ack="no_ack"/></request>
${pause(SETTLE_SECONDS)}
      <request><jabber type="close" ack="no_ack"/></request>
    </session>
  </sessions>
</tsung>
`;
}
