import { failed, readResume, resumed, NS as SM, tooHigh } from '@starling/features/xep-0198-stream-management/elements';
import { NS as SASL2 } from '@starling/features/xep-0388-sasl2/ns';
import { channelBindingElement } from '@starling/features/xep-0440-channel-binding/binding-types';
import type { BareJid } from '@starling/jid';
import { HandledTooHighError } from '@starling/sm-queue';
import { el, errorReply, NS, resultReply, Stanza, StanzaError, StreamError, validateStanza } from '@starling/stanza';
import { type Element, parseElement, type Scanned } from '@starling/xml';
import { createMechanism, type Mechanism, mechanismsFor, SaslError } from '../sasl/index.ts';
import { Sasl2 } from '../sasl2/sasl2.ts';
import type { ClientSession } from '../session.ts';
import { notNow } from '../sm/not-now.ts';
import { decodeBase64, textOf } from './base64.ts';
import type { Stream } from './stream.ts';
import type { StreamHost } from './stream-host.ts';

/** How far a stream has come. What a client may send in each stage is STEPS. */
type Stage = 'opened' | 'authenticating' | 'authenticating2' | 'authenticated';
type Step = (negotiation: Negotiation, element: Element, scanned: Scanned) => void | Promise<void>;

const key = (ns: string, name: string) => `${ns} ${name}`;

const STEPS: Readonly<Record<Stage, ReadonlyMap<string, Step>>> = {
  opened: new Map<string, Step>([
    [key(NS.tls, 'starttls'), (n) => n.startTls()],
    [key(NS.sasl, 'auth'), (n, element) => n.authenticate(element)],
    [key(NS.sasl, 'response'), (n) => n.saslFailed(new SaslError('malformed-request'))],
    [key(NS.sasl, 'abort'), (n) => n.saslFailed(new SaslError('aborted'))],
    [key(SASL2.sasl2, 'authenticate'), (n, element) => n.sasl2.authenticate(element)],
    [key(SASL2.sasl2, 'response'), (n) => n.sasl2.failed(new SaslError('malformed-request'))],
    [key(SASL2.sasl2, 'abort'), (n) => n.sasl2.failed(new SaslError('aborted'))],
    [key(NS.client, 'iq'), (n, _, scanned) => n.askBeforeAuthentication(scanned)],
  ]),
  authenticating: new Map<string, Step>([
    [key(NS.sasl, 'auth'), (n, element) => n.authenticate(element)], // RFC 6120 §6.4.2: the old handshake is discarded
    [key(NS.sasl, 'response'), (n, element) => n.respond(element)],
    [key(NS.sasl, 'abort'), (n) => n.saslFailed(new SaslError('aborted'))], // §6.4.4
  ]),
  // XEP-0388 "During Authentication": nothing else.
  authenticating2: new Map<string, Step>([
    [key(SASL2.sasl2, 'response'), (n, element) => n.sasl2.respond(element)],
    [key(SASL2.sasl2, 'abort'), (n) => n.sasl2.failed(new SaslError('aborted'))],
  ]),
  authenticated: new Map<string, Step>([
    [key(NS.client, 'iq'), (n, _, scanned) => n.bind(scanned)],
    [key(SM.sm, 'enable'), (n) => n.manageEarly()],
    [key(SM.sm, 'resume'), (n, element) => n.resume(element)],
  ]),
};

/** From a stream's header to its bound resource: STARTTLS (RFC 6120 §5), SASL (§6), what is allowed before it, binding (§7). */
export class Negotiation {
  readonly #stream: Stream;
  readonly #host: StreamHost;
  readonly sasl2: Sasl2;
  #stage: Stage = 'opened';
  #mechanism: Mechanism | undefined;
  #user: BareJid | undefined;
  #saslFailures = 0;
  #bindFailures = 0;
  #earlyRequests = 0;

  constructor(stream: Stream, host: StreamHost) {
    this.#stream = stream;
    this.#host = host;
    this.sasl2 = new Sasl2(stream, host, {
      begun: () => {
        this.#stage = 'authenticating2';
      },
      refused: (error) => this.#countFailure(error),
      accepted: (user) => this.#accept(user),
    });
  }

  /** What `<stream:features/>` offers now. */
  features(): readonly Element[] {
    const { 'before-auth': before, 'after-auth': after } = this.#host.features.streamFeatures;
    if (this.#user !== undefined) return [el('bind', NS.bind), ...after];
    const offers: Element[] = [];
    if (this.#stream.canUpgrade && !this.#stream.secure) {
      // RFC 6120 §5.3.1: without TLS nothing else is possible, save on this machine.
      if (!this.#stream.loopback) return [el('starttls', NS.tls, {}, el('required', NS.tls))];
      offers.push(el('starttls', NS.tls));
    }
    const mechanisms = this.#mechanisms().map((name) => el('mechanism', NS.sasl, {}, name));
    offers.push(el('mechanisms', NS.sasl, {}, ...mechanisms));
    const more = [this.sasl2.feature(), channelBindingElement(this.#stream.bindings.types)];
    return [...offers, ...more.filter((element) => element !== undefined), ...before];
  }

  /** One element of the client. While a step is under way the stream does not read on. */
  handle(scanned: Scanned): void {
    const step = STEPS[this.#stage].get(key(scanned.ns, scanned.name));
    if (step === undefined) {
      this.#stream.fail(new StreamError('not-authorized')); // §4.9.3.12: sent before it was allowed to
      return;
    }
    const pending = step(this, parseElement(scanned.bytes, scanned.scope), scanned);
    if (!(pending instanceof Promise)) return;
    this.#stream.stall();
    void pending
      .catch((error: unknown) => {
        // Policy: what a step did not expect is our bug; this stream pays for it, no other.
        this.#host.log.error({ what: 'negotiation_failed', err: error });
        this.#stream.fail(new StreamError('internal-server-error'));
      })
      .finally(() => this.#stream.unstall());
  }

  startTls(): void {
    if (!this.#stream.canUpgrade || this.#stream.secure) {
      this.#stream.writeElement(el('failure', NS.tls));
      this.#stream.end(); // §5.4.2.2
      return;
    }
    this.#stream.writeElement(el('proceed', NS.tls));
    this.#stream.upgrade();
  }

  authenticate(auth: Element): Promise<void> | void {
    const name = auth.attrs.mechanism ?? '';
    if (this.#mustUpgradeFirst()) return this.saslFailed(new SaslError('encryption-required')); // §6.5.4
    if (!this.#mechanisms().includes(name)) return this.saslFailed(new SaslError('invalid-mechanism')); // §6.5.7
    const { isPrivate: secure, loopback } = this.#stream;
    const lookup = (user: BareJid) => this.#host.lookupKeys(user);
    this.#mechanism = createMechanism(name, { domain: this.#host.domain, secure, loopback, lookup });
    this.#stage = 'authenticating';
    // §6.4.2: no text is no initial response, '=' is an empty one.
    if (textOf(auth) === '') {
      this.#stream.writeElement(el('challenge', NS.sasl));
      return;
    }
    return this.respond(auth);
  }

  async respond(response: Element): Promise<void> {
    try {
      const message = decodeBase64(textOf(response));
      if (message === undefined) throw new SaslError('incorrect-encoding'); // §6.5.5
      if (this.#mechanism === undefined) throw new SaslError('malformed-request');
      const step = await this.#mechanism.step(message);
      if (this.#stream.closed) return;
      if ('challenge' in step) this.#stream.writeElement(withData('challenge', step.challenge));
      else this.#authenticated(step.success, step.data);
    } catch (error) {
      if (!(error instanceof SaslError)) throw error;
      this.saslFailed(error);
    }
  }

  saslFailed(error: SaslError): void {
    this.#stream.writeElement(el('failure', NS.sasl, {}, el(error.condition, NS.sasl)));
    this.#countFailure(error);
  }

  #countFailure(error: SaslError): void {
    this.#stage = 'opened';
    this.#mechanism = undefined;
    this.#host.metrics.logins.inc(1, { outcome: error.condition });
    if (++this.#saslFailures >= this.#host.config.saslFailuresMax)
      this.#stream.fail(new StreamError('policy-violation', 'too many failed logins')); // §6.4.5
  }

  /** Requests that are answered before authentication, as registration (XEP-0077); any other stanza is not authorized. */
  async askBeforeAuthentication(scanned: Scanned): Promise<void> {
    if (this.#mustUpgradeFirst()) {
      this.#stream.fail(new StreamError('not-authorized'));
      return;
    }
    if (++this.#earlyRequests > this.#host.config.registrationsPerStreamMax) {
      this.#stream.fail(new StreamError('policy-violation', 'too many requests before authentication'));
      return;
    }
    const iq = this.#readIq(scanned);
    if (iq === undefined) return;
    const payload = iq.firstChild();
    const handler = payload && this.#host.features.iqs.findForStream(iq.type, payload.ns, payload.name);
    if (payload === undefined || handler === undefined || !this.#isForUs(iq)) {
      this.#stream.fail(new StreamError('not-authorized'));
      return;
    }
    const { secure, peerAddress, loopback } = this.#stream;
    try {
      const answer = await handler({ stanza: iq, payload, domain: this.#host.domain, secure, peerAddress, loopback });
      this.#stream.write((answer === undefined ? resultReply(iq) : resultReply(iq, answer)).encode());
    } catch (error) {
      this.#stream.write(errorReply(iq, this.#asStanzaError(error)).encode());
    }
  }

  /** §7: 1 is it a bind · 2 make the session · 3 tell the client · 4 from now on stanzas come and go. */
  async bind(scanned: Scanned): Promise<void> {
    const iq = this.#readIq(scanned);
    if (iq === undefined) {
      this.#bindRefused();
      return;
    }
    const request = iq.type === 'set' ? iq.child(NS.bind, 'bind') : undefined;
    if (request === undefined || this.#user === undefined || !this.#isForUs(iq)) {
      this.#stream.fail(new StreamError('not-authorized')); // §7.1: nothing but a bind before the bind
      return;
    }
    let session: ClientSession;
    try {
      session = await this.#host.prepareSession(this.#stream, this.#user, resourceIn(request));
    } catch (error) {
      this.#stream.write(errorReply(iq, this.#asStanzaError(error)).encode());
      this.#bindRefused();
      return;
    }
    if (this.#stream.closed) {
      this.#host.sessionEnded(session);
      return;
    }
    this.#stream.write(resultReply(iq, el('bind', NS.bind, {}, el('jid', NS.bind, {}, session.jid))).encode());
    this.#stream.bound(session);
    this.#host.sessionStarted(session);
  }

  /** XEP-0198 §3: a resource is bound first. */
  manageEarly(): void {
    this.#stream.writeElement(failed('unexpected-request'));
  }

  /** XEP-0198 §5: the session goes on, or the client may bind a resource. */
  async resume(element: Element): Promise<void> {
    const request = readResume(element.attrs);
    if (request === undefined || this.#user === undefined) {
      this.#stream.writeElement(failed('bad-request'));
      return;
    }
    let outcome: Awaited<ReturnType<StreamHost['resumeSession']>>;
    try {
      outcome = await this.#host.resumeSession(this.#stream, this.#user, request);
    } catch (error) {
      if (!(error instanceof HandledTooHighError)) throw error;
      this.#stream.fail(tooHigh(error.h, error.sent)); // §6
      return;
    }
    if ('condition' in outcome) {
      if (outcome.later) this.#stream.fail(notNow());
      else this.#stream.writeElement(failed(outcome.condition, outcome.h));
      return;
    }
    const { session, h, start } = outcome;
    const { closed } = this.#stream;
    if (!closed) {
      this.#stream.writeElement(resumed(session.id, h));
      this.#stream.bound(session);
    }
    this.#host.sessionStarted(session);
    start();
    if (closed) this.#host.linkLost(session); // and it may be resumed again
  }

  /** §7.7.3: it may be tried again, but not for ever. */
  #bindRefused(): void {
    if (++this.#bindFailures >= this.#host.config.bindFailuresMax)
      this.#stream.fail(new StreamError('policy-violation', 'too many refused binds'));
  }

  #authenticated(user: BareJid, data: Uint8Array | undefined): void {
    const { claimed, secure } = this.#stream;
    if (secure && claimed !== '' && claimed !== user) {
      this.#host.metrics.logins.inc(1, { outcome: 'invalid-from' });
      this.#stream.fail(new StreamError('invalid-from')); // §6.4.6, §4.9.3.9
      return;
    }
    this.#accept(user);
    this.#stream.writeElement(data === undefined ? el('success', NS.sasl) : withData('success', data));
    this.#stream.restart(); // §6.4.6
  }

  #accept(user: BareJid): void {
    this.#host.metrics.logins.inc(1, { outcome: 'success' });
    this.#user = user;
    this.#stage = 'authenticated';
    this.#mechanism = undefined;
  }

  /** An IQ that can be read; else the client has been told. Its `from` says nothing before there is a resource (§8.1.2.1). */
  #readIq(scanned: Scanned): Stanza | undefined {
    try {
      const iq = Stanza.fromScanned(scanned);
      validateStanza(iq);
      return iq.with({ from: '' });
    } catch (error) {
      if (!(error instanceof StanzaError)) throw error;
      const { id = '', type = '' } = scanned.attrs;
      if (type !== 'error' && type !== 'result')
        this.#stream.write(errorReply(Stanza.build('iq', { type: 'error', id }), error).encode());
      return undefined;
    }
  }

  /** §7.1: before the bind a client may speak to the server and to its own account only. */
  #isForUs({ to }: Stanza): boolean {
    return to === '' || to === this.#host.domain || to === this.#user;
  }

  #asStanzaError(error: unknown): StanzaError {
    if (error instanceof StanzaError) return error;
    this.#host.log.error({ what: 'negotiation_failed', err: error });
    return new StanzaError('internal-server-error', '', { cause: error });
  }

  /** Without -PLUS, which are for SASL2: slixmpp 1.8 would take one with tls-unique, which TLS 1.3 does not have, and fall back to 'y' (RFC 5802 §6). */
  #mechanisms(): readonly string[] {
    const { isPrivate: secure, loopback } = this.#stream;
    return mechanismsFor({ secure, loopback });
  }

  #mustUpgradeFirst(): boolean {
    return this.#stream.canUpgrade && !this.#stream.secure && !this.#stream.loopback;
  }
}

/** What is offered to a stream whose resource is bound (XEP-0386). */
export function featuresBehindBind(host: StreamHost, isManaged: boolean): readonly Element[] {
  const { 'after-auth': after } = host.features.streamFeatures;
  // What was enabled with the bind is not offered: a client that sees it again asks for it again (@xmpp/client).
  return isManaged ? after.filter(({ ns }) => ns !== SM.sm) : after;
}

/** §6.4.6: '=' is data of length zero; a challenge without data is just empty. */
function withData(name: 'challenge' | 'success', data: Uint8Array): Element {
  if (data.length > 0) return el(name, NS.sasl, {}, Buffer.from(data).toString('base64'));
  return name === 'challenge' ? el(name, NS.sasl) : el(name, NS.sasl, {}, '=');
}

/** The resource that a client asks for; '' when the server is to choose (§7.6). */
function resourceIn(request: Element): string {
  const wanted = request.children.find(
    (c): c is Element => typeof c !== 'string' && c.ns === NS.bind && c.name === 'resource',
  );
  return wanted === undefined ? '' : textOf(wanted);
}
