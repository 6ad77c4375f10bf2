import { NS as SM, FEATURE as SM_FEATURE } from '@starling/features/xep-0198-stream-management/elements';
import { bindFeature, boundElement } from '@starling/features/xep-0386-bind2/bind-request';
import { NS as BIND2 } from '@starling/features/xep-0386-bind2/ns';
import {
  type Authenticate,
  dataIn,
  inlineKey,
  parseAuthenticate,
} from '@starling/features/xep-0388-sasl2/authenticate';
import {
  authenticationElement,
  challengeElement,
  failureElement,
  successElement,
} from '@starling/features/xep-0388-sasl2/elements';
import { fastFeature, tokenElement } from '@starling/features/xep-0484-fast/elements';
import { parseFast, wantedMechanism } from '@starling/features/xep-0484-fast/fast-request';
import { HT_MECHANISMS, type HtMechanism, htMechanismsFor, isHt } from '@starling/features/xep-0484-fast/mechanisms';
import { NS as FAST } from '@starling/features/xep-0484-fast/ns';
import { type BareJid, domainOf } from '@starling/jid';
import { StreamError } from '@starling/stanza';
import type { Element } from '@starling/xml';
import { createMechanism, HashedToken, type Mechanism, mechanismsFor, SaslError } from '../sasl/index.ts';
import { decodeBase64 } from '../stream/base64.ts';
import type { Stream } from '../stream/stream.ts';
import type { StreamHost } from '../stream/stream-host.ts';
import { bindInline } from './bind-inline.ts';
import type { IssuedToken } from './fast-logins.ts';
import { resumeInline } from './resume-inline.ts';

/** What the negotiation of a stream is told of its login. */
export interface LoginEvents {
  /** An exchange is under way. */
  begun(): void;
  /** It failed, and the client has been told so. */
  refused(error: SaslError): void;
  accepted(user: BareJid): void;
}

/** An exchange that is under way. */
interface Exchange {
  readonly mechanism: Mechanism;
  readonly asked: Authenticate;
  /** What the client asked for a token for; '': nothing. */
  readonly wanted: HtMechanism | '';
  /** By a token (XEP-0484), which may have been replaced. */
  readonly isFast: boolean;
  issued: IssuedToken | undefined;
}

/** What the client is told with its success, beside who it is. */
interface Outcome {
  readonly results: readonly Element[];
  readonly identifier: string;
  /** Of a session that goes on: no features follow (XEP-0198). To be called when the client has been told, or is gone. */
  readonly resume?: () => void;
}

/** SASL2 (XEP-0388), with what may be asked for within it: resumption (XEP-0198), Bind 2 (XEP-0386), tokens (XEP-0484). */
export class Sasl2 {
  readonly #stream: Stream;
  readonly #host: StreamHost;
  readonly #login: LoginEvents;
  #exchange: Exchange | undefined;

  constructor(stream: Stream, host: StreamHost, login: LoginEvents) {
    this.#stream = stream;
    this.#host = host;
    this.#login = login;
  }

  /** The stream feature; undefined where it must not be offered. */
  feature(): Element | undefined {
    if (!this.#isPossible) return undefined;
    const inline = [
      SM_FEATURE,
      bindFeature(this.#host.features.binds.features),
      ...(this.#htMechanisms().length > 0 ? [fastFeature(this.#htMechanisms())] : []),
    ];
    return authenticationElement(this.#mechanisms(), inline);
  }

  authenticate(authenticate: Element): Promise<void> | void {
    const { claimed } = this.#stream;
    // "SASL mechanism negotiation": a header of another domain is invalid-from.
    if (claimed !== '' && domainOf(claimed) !== this.#host.domain) {
      this.#stream.fail(new StreamError('invalid-from'));
      return;
    }
    try {
      this.#exchange = this.#begin(authenticate);
    } catch (error) {
      // Policy: what is wrong with the request, the client is told.
      if (!(error instanceof SaslError)) throw error;
      return this.failed(error);
    }
    this.#login.begun();
    return this.#step(this.#exchange, this.#exchange.asked.initialResponse ?? '');
  }

  respond(response: Element): Promise<void> | void {
    if (this.#exchange === undefined) return this.failed(new SaslError('malformed-request'));
    return this.#step(this.#exchange, dataIn(response));
  }

  failed(error: SaslError): void {
    if (this.#exchange?.isFast) this.#host.metrics.fastLogins.inc(1, { outcome: error.condition });
    this.#exchange = undefined;
    this.#stream.writeElement(failureElement(error.condition));
    this.#login.refused(error);
  }

  /** @throws SaslError */
  #begin(authenticate: Element): Exchange {
    if (!this.#isPossible) throw new SaslError('encryption-required');
    const asked = parseAuthenticate(authenticate);
    if (asked === undefined) throw new SaslError('malformed-request');
    const request = asked.inline.get(inlineKey(FAST.fast, 'request-token'));
    // Tokens are kept apart by clients: one that does not say which it is gets none.
    const wanted = request && asked.client !== '' ? wantedMechanism(request, this.#htMechanisms()) : undefined;
    if (isHt(asked.mechanism)) return this.#beginFast(asked, asked.mechanism, wanted ?? '');
    if (!this.#mechanisms().includes(asked.mechanism)) throw new SaslError('invalid-mechanism');
    const { isPrivate: secure, loopback, bindings } = this.#stream;
    const lookup = (user: BareJid) => this.#host.lookupKeys(user);
    const options = { domain: this.#host.domain, secure, loopback, bindings, lookup };
    const mechanism = createMechanism(asked.mechanism, options);
    return { mechanism, asked, wanted: wanted ?? '', isFast: false, issued: undefined };
  }

  #beginFast(asked: Authenticate, name: HtMechanism, wanted: HtMechanism | ''): Exchange {
    const { client, inline, initialResponse } = asked;
    if (!this.#htMechanisms().includes(name)) throw new SaslError('invalid-mechanism');
    const fast = inline.get(inlineKey(FAST.fast, 'fast'));
    const request = fast && parseFast(fast);
    // "Client responsibilities": it has to say which client it is.
    if (request === undefined || client === '' || initialResponse === undefined)
      throw new SaslError('malformed-request');
    const type = HT_MECHANISMS[name];
    const bound = type === undefined ? new Uint8Array(0) : this.#stream.bindings.dataOf(type);
    if (bound === undefined) throw new SaslError('invalid-mechanism');
    const exchange: Exchange = {
      mechanism: new HashedToken({
        domain: this.#host.domain,
        bound,
        tokensOf: (user) => {
          this.#checkClaimed(user); // before a token is used
          return this.#host.fast.tokensOf(user, login);
        },
      }),
      ...{ asked, wanted, isFast: true, issued: undefined },
    };
    const onIssued = (token: IssuedToken) => {
      exchange.issued = token;
    };
    const login = { client, mechanism: name, request, wanted, onIssued };
    return exchange;
  }

  async #step(exchange: Exchange, text: string): Promise<void> {
    try {
      const message = decodeBase64(text);
      // "the "=" special case no longer applies"
      if (message === undefined || text === '=') throw new SaslError('incorrect-encoding');
      const step = await exchange.mechanism.step(message);
      if (this.#stream.closed) return;
      if ('challenge' in step) this.#stream.writeElement(challengeElement(step.challenge));
      else await this.#succeed(exchange, step.success, step.data);
    } catch (error) {
      // Policy: a login that failed, the client is told; everything else is our bug.
      if (!(error instanceof SaslError)) throw error;
      this.failed(error);
    }
  }

  /** 1 a session that goes on, else a new one · 2 a token · 3 the client is told all of it at once · 4 stanzas come and go. */
  async #succeed(exchange: Exchange, user: BareJid, data: Uint8Array | undefined): Promise<void> {
    this.#checkClaimed(user);
    this.#exchange = undefined;
    this.#login.accepted(user);
    if (exchange.isFast) this.#host.metrics.fastLogins.inc(1, { outcome: 'success' });
    const [outcome, token] = await Promise.all([this.#openSession(exchange, user), this.#tokenFor(exchange, user)]);
    if (!this.#stream.closed) {
      const more = token === undefined ? [] : [tokenElement(token.text, token.expiresAtMs)];
      const success = successElement(data, outcome.identifier, [...outcome.results, ...more]);
      this.#stream.loggedIn(success, { withFeatures: outcome.resume === undefined });
    }
    outcome.resume?.();
  }

  /** XEP-0386 "Performing the bind": first the resumption, and only where that failed, or was not asked for, a resource. */
  async #openSession({ asked }: Exchange, user: BareJid): Promise<Outcome> {
    const results: Element[] = [];
    const resume = asked.inline.get(inlineKey(SM.sm, 'resume'));
    if (resume !== undefined) {
      const resumed = await resumeInline(this.#host, this.#stream, user, resume);
      if ('jid' in resumed) return { results: [resumed.element], identifier: resumed.jid, resume: resumed.start };
      results.push(resumed.element);
    }
    const bind = asked.inline.get(inlineKey(BIND2.bind2, 'bind'));
    if (bind === undefined || this.#stream.closed) return { results, identifier: user };
    const bound = await bindInline(this.#host, this.#stream, { user, client: asked.client, bind });
    if (bound === undefined) return { results, identifier: user };
    results.push(boundElement(bound.results));
    return { results, identifier: bound.jid };
  }

  /** The client's new token, if it gets one: asked for, or because the one that it has is old. */
  async #tokenFor({ asked, wanted, isFast, issued }: Exchange, user: BareJid): Promise<IssuedToken | undefined> {
    if (isFast || wanted === '') return issued;
    try {
      return await this.#host.fast.issue(user, asked.client, wanted);
    } catch (error) {
      // Policy: who cannot have a token now is logged in without.
      this.#host.log.warn({ what: 'fast_token_issue_failed', err: error });
      return undefined;
    }
  }

  /** "If the stream's from attribute (if present) does not match […], the server MUST fail the authentication". @throws SaslError */
  #checkClaimed(user: BareJid): void {
    const { claimed } = this.#stream;
    if (claimed !== '' && claimed !== user) throw new SaslError('invalid-authzid');
  }

  /** "SASL2 MUST only be used […] after TLS negotiation": where that is this stream's matter. */
  get #isPossible(): boolean {
    return this.#stream.secure || !this.#stream.canUpgrade;
  }

  /** Those of a password. */
  #mechanisms(): readonly string[] {
    const { isPrivate: secure, loopback, bindings } = this.#stream;
    return mechanismsFor({ secure, loopback, bindings });
  }

  /** XEP-0484 "Security Considerations": only where nobody can listen. */
  #htMechanisms(): readonly HtMechanism[] {
    return this.#stream.isPrivate ? htMechanismsFor(this.#stream.bindings.types) : [];
  }
}
