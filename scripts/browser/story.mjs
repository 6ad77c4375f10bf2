// Two strangers on the page: they register, add each other, see each other come and go, and chat. Each step says what has to be seen.
import assert from 'node:assert/strict';
import { Person } from './person.mjs';

const DESK = { viewport: { width: 1280, height: 800 } };
const PHONE = { viewport: { width: 390, height: 780 }, hasTouch: true, isMobile: true, deviceScaleFactor: 2 };

const SAID = ['李四，你好！今晚一起吃饭吗？', '好啊，几点？ Seven o’clock?', '七点，老地方见 🍜'];
const SAID_MEANWHILE = ['你在吗？', '我先点菜了', '快来！'];

/**
 * @param options.urls where the page is; with several edges everybody comes through another one
 * @param options.step runs one step, `(title, play)`
 * @param options.shot keeps a screenshot, `(person, name)`
 */
export async function playStory({ browser, urls, domain, step, shot }) {
  const urlOf = (index) => urls[index % urls.length];
  const zhang = new Person(browser, { name: '张三', domain, url: urlOf(0), locale: 'zh-CN', ...DESK });
  const li = new Person(browser, { name: '李四', domain, url: urlOf(1), locale: 'en-GB', ...DESK });
  const people = [zhang, li];

  await step('the page is in the language of each browser', async () => {
    await Promise.all(people.map((person) => person.visit()));
    assert.equal(await zhang.page.title(), 'Starling');
    await zhang.page.getByRole('button', { name: '登录' }).waitFor();
    await li.page.getByRole('button', { name: 'Log in' }).waitFor();
    assert.equal(await zhang.page.locator('html').getAttribute('lang'), 'zh-CN');
    assert.equal(await li.page.locator('html').getAttribute('lang'), 'en');
    await shot(zhang, 'login-zh');
    await shot(li, 'login');
  });

  await step('nothing of what the server has not is offered', async () => {
    const text = (await li.page.locator('body').allInnerTexts()).join();
    for (const word of ['converse.js', 'Groupchat', 'sponsor', 'provider']) assert.ok(!text.includes(word), word);
  });

  await step('both register', async () => {
    for (const person of people) await person.register();
    await shot(zhang, 'registered-zh');
  });

  await step('who logs out can log in again, by the keyboard alone', async () => {
    await li.logOut();
    await li.logIn();
  });

  await step('one asks, the other accepts', async () => {
    await zhang.addContact(li);
    await li.contactLink(zhang).waitFor();
    await shot(li, 'request');
    await li.accept(zhang);
  });

  await step('each sees that the other is here', async () => {
    await zhang.sees(li, 'online');
    await li.sees(zhang, 'online');
  });

  await step('they chat both ways', async () => {
    await zhang.openChat(li);
    await zhang.say('李四，你好！今晚一起吃饭吗？');
    await li.openChat(zhang);
    await li.reads('李四，你好！今晚一起吃饭吗？');
    await li.say('好啊，几点？ Seven o’clock?');
    await zhang.reads('好啊，几点？');
    await zhang.say('七点，老地方见 🍜');
    await li.reads('七点，老地方见');
    for (const person of people) assert.deepEqual(await person.texts(), SAID);
    await shot(zhang, 'chat-zh');
    await shot(li, 'chat');
  });

  await step('a status is seen', async () => {
    await li.becomes('away');
    await zhang.sees(li, 'away');
    await li.becomes('online');
    await zhang.sees(li, 'online');
  });

  await step('one goes and is seen to go, comes back on a phone and is seen to come', async () => {
    await li.leave();
    await zhang.sees(li, 'offline');
    await shot(zhang, 'gone-zh');
    const phone = new Person(browser, { name: li.name, domain, url: urlOf(2), locale: 'en-GB', ...PHONE });
    people.push(phone);
    await phone.visit();
    await shot(phone, 'phone-login');
    await phone.logIn();
    await zhang.sees(phone, 'online');
    await phone.sees(zhang, 'online');
    await shot(phone, 'phone-contacts');
    await phone.openChat(zhang);
    await phone.say('我到了。');
    await zhang.reads('我到了。');
    await shot(phone, 'phone-chat');
  });

  await step(
    'who comes back on a new machine has all that was said, once and in order, also what was said meanwhile',
    async () => {
      const phone = people.at(-1);
      await phone.leave();
      await zhang.sees(li, 'offline');
      for (const text of SAID_MEANWHILE) await zhang.say(text);
      const desk = new Person(browser, { name: li.name, domain, url: urlOf(1), locale: 'en-GB', ...DESK });
      people.push(desk);
      await desk.visit();
      await desk.logIn();
      await desk.openChat(zhang);
      await desk.reads(SAID_MEANWHILE.at(-1));
      await desk.reads(SAID[0]);
      for (const person of [desk, zhang])
        assert.deepEqual(await person.texts(), [...SAID, '我到了。', ...SAID_MEANWHILE]);
      await shot(desk, 'back');
    },
  );

  await step('what one device says the other has too', async () => {
    const desk = people.at(-1);
    const phone = new Person(browser, { name: li.name, domain, url: urlOf(2), locale: 'en-GB', ...PHONE });
    people.push(phone);
    await phone.visit();
    await phone.logIn();
    await phone.openChat(zhang);
    await phone.reads(SAID_MEANWHILE.at(-1));
    await phone.say('在路上');
    await zhang.say('等你');
    for (const person of [desk, phone, zhang]) {
      await person.reads('等你');
      assert.deepEqual(await person.texts(), [...SAID, '我到了。', ...SAID_MEANWHILE, '在路上', '等你']);
    }
    await shot(phone, 'phone-carbons');
  });

  await step('in the dark', async () => {
    await zhang.page.emulateMedia({ colorScheme: 'dark' });
    await shot(zhang, 'chat-dark-zh');
  });

  await step('where registration is closed it is not offered', async () => {
    const stranger = new Person(browser, { name: '王五', domain, url: urlOf(0), locale: 'zh-CN', ...DESK });
    people.push(stranger);
    await stranger.visit({ registration: 'closed' });
    assert.equal(await stranger.page.locator('converse-register-link a').count(), 0);
  });

  await step('no page has complained, or asked another server for anything', () => {
    for (const person of people) assert.deepEqual(person.problems, [], person.jid);
  });
}
