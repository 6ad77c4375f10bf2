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

const escaped = (xml: string) =>
  xml.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

/** tsung 1.7: users t1 to t<n> with passwords pw1 to pw<n> log in with PLAIN, wait for all others, and write to one another at random. */
export function tsungXml({ port, domain, users, messages, isTalking, thinkSeconds, bodyBytes }: TsungPlan): string {
  const body = 'x'.repeat(bodyBytes);
  const message = `<message type='chat' to='t%%_peer%%@${domain}'><body>${body}</body><no-store xmlns='${NS.hints}'/></message>`;
  const talking = `      <for from="1" to="${messages}" var="i">
        <setdynvars sourcetype="random_number" start="1" end="${users}"><var name="peer"/></setdynvars>
        <request subst="true"><jabber type="raw" ack="no_ack" data="${escaped(message)}"/></request>
        <thinktime value="${thinkSeconds}" random="false"/>
      </for>`;
  const silent = `      <thinktime value="${Math.round(messages * thinkSeconds)}" random="false"/>`;
  return `<?xml version="1.0"?>
<!DOCTYPE tsung SYSTEM "/usr/share/tsung/tsung-1.0.dtd">
<tsung loglevel="warning" version="1.0">
  <clients><client host="localhost" use_controller_vm="true" maxusers="20000"/></clients>
  <servers><server host="127.0.0.1" port="${port}" type="tcp"/></servers>
  <load>
    <arrivalphase phase="1" duration="${Math.ceil(users / ARRIVALS_PER_SECOND) + ARRIVAL_SECONDS}" unit="second">
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
      <request><jabber type="connect" ack="local"/></request>
      <transaction name="auth">
        <request><jabber type="auth_sasl" ack="local"/></request>
        <request><jabber type="connect" ack="local"/></request>
        <request><jabber type="auth_sasl_bind" ack="local"/></request>
      </transaction>
      <request><jabber type="presence:initial" ack="no_ack"/></request>
      <transaction name="all_online"><request><jabber type="iq:roster:get" ack="global"/></request></transaction>
${isTalking ? talking : silent}
      <request><jabber type="presence:final" ack="no_ack"/></request>
      <thinktime value="2" random="false"/>
      <request><jabber type="close" ack="no_ack"/></request>
    </session>
  </sessions>
</tsung>
`;
}
