import { DiscoNodes } from './disco-nodes.ts';

/** XEP-0030: what an entity says of itself. */
export interface Identity {
  readonly category: string;
  readonly type: string;
  readonly name?: string;
  /** xml:lang */
  readonly lang?: string;
}

/** XEP-0128: more that an entity says of itself, as a data form. */
export interface DiscoForm {
  /** FORM_TYPE */
  readonly type: string;
  readonly fields: readonly { readonly var: string; readonly values: readonly string[] }[];
}

/** What one feature adds to the answers of disco#info, by entity. */
export interface DiscoDeclaration {
  readonly server?: readonly string[];
  readonly account?: readonly string[];
}

/** Who is described: the server, or an account, whoever asks. */
export type DiscoEntity = keyof DiscoDeclaration;

export interface DiscoInfo {
  readonly identities: readonly Identity[];
  readonly features: readonly string[];
  readonly forms: readonly DiscoForm[];
}

const IDENTITIES: Readonly<Record<DiscoEntity, readonly Identity[]>> = {
  server: [{ category: 'server', type: 'im', name: 'Starling' }],
  account: [{ category: 'account', type: 'registered' }],
};

/** The answers of disco#info of both entities and their nodes, as the features of a process make them. */
export class Disco {
  readonly server: DiscoInfo;
  readonly account: DiscoInfo;
  readonly nodes: Readonly<Record<DiscoEntity, DiscoNodes>> = { server: new DiscoNodes(), account: new DiscoNodes() };
  readonly #forms: Readonly<Record<DiscoEntity, DiscoForm[]>> = { server: [], account: [] };

  /** Features are sorted, so that they hash equally on every edge (XEP-0115). */
  constructor(declarations: readonly DiscoDeclaration[]) {
    const of = (entity: DiscoEntity): DiscoInfo => ({
      identities: IDENTITIES[entity],
      features: [...new Set(declarations.flatMap((d) => d[entity] ?? []))].sort(),
      forms: this.#forms[entity],
    });
    this.server = of('server');
    this.account = of('account');
  }

  addForm(entity: DiscoEntity, form: DiscoForm): void {
    this.#forms[entity].push(form);
  }
}
