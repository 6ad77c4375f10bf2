// Somebody at the page: what a person does with keyboard and mouse, and what she sees.
import assert from 'node:assert/strict';

/** A busy machine with two browsers on it. */
const TIMEOUT_MS = 20_000;
/** As far as somebody tabs before giving up. */
const TAB_PRESSES_MAX = 10;
const PASSWORD = 'sekret 密码';

/** Of the page's own stories, the window of Converse.js that one acts in. */
const MODAL = '.modal.show';

const linkTo = ({ jid }) => `.open-chat[data-jid="${jid}"]`;

export class Person {
  #browser;
  #context;
  #url;
  /** Whatever the page complained of, and whatever it asked of other servers. */
  problems = [];

  constructor(browser, { name, domain, url, ...context }) {
    this.#browser = browser;
    this.#context = context;
    this.#url = url;
    this.name = name;
    this.jid = `${name}@${domain}`;
  }

  /** Opens the page as a new visitor; `told` is what the page is told instead of what the server says. */
  async visit(told = {}) {
    const context = await this.#browser.newContext(this.#context);
    context.setDefaultTimeout(TIMEOUT_MS);
    this.page = await context.newPage();
    this.page.on('console', (line) => {
      if (['error', 'warning'].includes(line.type())) this.problems.push(`${line.type()}: ${line.text()}`);
    });
    this.page.on('pageerror', (error) => this.problems.push(error.stack ?? String(error)));
    this.page.on('request', (request) => {
      const url = new URL(request.url());
      if (!['data:', 'blob:'].includes(url.protocol) && url.origin !== new URL(this.#url).origin)
        this.problems.push(`asks another server: ${url}`);
    });
    this.page.on('response', (response) => {
      if (response.status() >= 400) this.problems.push(`${response.status()} ${response.url()}`);
    });
    for (const [name, value] of Object.entries(told)) {
      await this.page.route(this.#url, async (route) => {
        const response = await route.fetch();
        const body = (await response.text()).replace(new RegExp(`data-${name}="[^"]*"`), `data-${name}="${value}"`);
        await route.fulfill({ response, body });
      });
    }
    await this.page.goto(this.#url);
    await this.page.locator('#converse-login-jid').waitFor();
  }

  /** With the mouse. */
  async register() {
    await this.page.locator('converse-register-link a').click();
    await this.page.getByLabel(/^(Username|用户名)$/).fill(this.name);
    await this.page.getByLabel(/^(Password|密码)$/).fill(PASSWORD);
    await this.page.locator('#converse-register [type=submit]').click();
    await this.isIn();
  }

  /** With the keyboard alone. */
  async logIn() {
    const { page } = this;
    const field = page.locator('#converse-login-jid');
    await field.waitFor();
    for (let presses = 0; presses < TAB_PRESSES_MAX && !(await this.#isFocused(field)); presses++)
      await page.keyboard.press('Tab');
    assert.ok(await this.#isFocused(field), 'the keyboard reaches the field');
    await page.keyboard.insertText(this.name);
    await page.keyboard.press('Tab');
    await page.keyboard.insertText(PASSWORD);
    await page.keyboard.press('Enter');
    await this.isIn();
  }

  #isFocused(locator) {
    return locator.evaluate((element) => element === document.activeElement);
  }

  async isIn() {
    const own = this.page.locator('converse-user-profile .username');
    await own.waitFor();
    assert.ok((await own.textContent()).includes(this.name));
  }

  /** Closes the window; whoever watches sees it. */
  async leave() {
    const closed = this.page.waitForEvent('close');
    await this.page.close({ runBeforeUnload: true });
    await closed;
    await this.page.context().close();
  }

  async logOut() {
    await this.page.locator('converse-user-profile .show-profile').click();
    await this.page.locator(`${MODAL} .modal-footer .btn-danger`).click();
    const reloaded = this.page.waitForEvent('load');
    await this.page.locator(`${MODAL} form.confirm [type=submit]`).click();
    await reloaded;
    await this.page.locator('#converse-login-jid').waitFor();
  }

  async #menu(item) {
    await this.page.locator('#converse-roster converse-dropdown button').first().click();
    await this.page.locator(`#converse-roster ${item}`).click();
    await this.page.locator(MODAL).waitFor();
  }

  /** Asks somebody to be a contact. */
  async addContact(other) {
    await this.#menu('.add-contact');
    await this.page.locator(`${MODAL} input[name=jid]`).fill(other.jid);
    await this.page.locator(`${MODAL} input[name=name]`).fill(other.name);
    await this.page.locator(`${MODAL} [type=submit]`).click();
    await this.modalGone();
  }

  /** Says yes to somebody who asks, and so becomes a contact of theirs. */
  async accept(other) {
    const request = this.page.locator('converse-roster-contact', { has: this.page.locator(linkTo(other)) });
    await request.locator('converse-dropdown button').click();
    await request.locator('.accept-xmpp-request').click();
    await this.page.locator(`${MODAL} input[name=name]`).fill(other.name);
    await this.page.locator(`${MODAL} [type=submit]`).click();
    await this.modalGone();
  }

  /** Whoever has written and is not read yet stands there twice. */
  contactLink(other) {
    return this.page.locator(`converse-roster-contact ${linkTo(other)}`).first();
  }

  /** Waits until somebody is seen so: 'online', 'away', 'dnd', 'offline'. */
  async sees(other, status) {
    await this.contactLink(other).locator(`.contact-name--${status}`).waitFor();
  }

  /** Chooses 'online', 'away' or 'dnd' for herself. */
  async becomes(status) {
    await this.page.locator('converse-user-profile .change-status').click();
    await this.page.locator(`${MODAL} input[name=chat_status][value=${status}]`).check();
    await this.page.locator(`${MODAL} .set-xmpp-status [type=submit]`).click();
    await this.page.keyboard.press('Escape');
    await this.modalGone();
  }

  /** Whoever opens another one while this still fades away sees neither. */
  async modalGone() {
    await this.page.locator(MODAL).waitFor({ state: 'hidden' });
    await this.page.locator('.modal-backdrop').first().waitFor({ state: 'detached' });
  }

  async openChat(other) {
    await this.contactLink(other).click();
    await this.page.locator('.chatbox .chatbox-title__text', { hasText: other.name }).waitFor();
    await this.page.locator('textarea.chat-textarea').waitFor();
  }

  async say(text) {
    const box = this.page.locator('textarea.chat-textarea');
    await box.click();
    await this.page.keyboard.insertText(text);
    await this.page.keyboard.press('Enter');
    await this.reads(text);
  }

  /** Waits until a text stands in the open chat. */
  async reads(text) {
    await this.page.locator('.chat-msg__text', { hasText: text }).waitFor();
  }

  /** All messages of the open chat, in order. */
  async texts() {
    return (await this.page.locator('.chat-msg__text').allInnerTexts()).map((text) => text.trim());
  }
}
