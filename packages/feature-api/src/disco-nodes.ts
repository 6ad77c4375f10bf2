import type { DiscoInfo } from './disco.ts';

/** The info nodes of one entity (XEP-0030 §3.2). */
export class DiscoNodes {
  readonly #nodes = new Map<string, DiscoInfo>();

  add(node: string, info: DiscoInfo): void {
    if (this.#nodes.has(node)) throw new Error(`two answers for the node ${node}`);
    this.#nodes.set(node, info);
  }

  find(node: string): DiscoInfo | undefined {
    return this.#nodes.get(node);
  }
}
