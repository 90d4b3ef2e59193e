// What a text is found in.

import { cell, fill, h, number } from './dom.js';
import { get } from './api.js';
import { account, badge, findingLink, freshness, id, image, resource, status, table } from './parts.js';

export async function show({ main, query, load, signal }) {
  const text = query.get('q') ?? '';
  const body = h('div');
  fill(main, h('h1', {}, 'Search for ', h('bdi', {}, `“${text}”`)), body);
  if (!text) return;
  await load(async () => {
    const found = await get('search', { q: text }, signal);
    const none = h('p', { class: 'soft' }, 'None.');
    fill(body, freshness(found),
      h('h2', {}, `Accounts (${number(found.accounts_total)})`),
      found.accounts.length ? h('p', {}, found.accounts.map((one) => [account(one), ' '])) : none.cloneNode(true),
      h('h2', {}, `Images (${found.images.length === found.images_at_most ? `the first ${number(found.images.length)}` : number(found.images.length)})`),
      found.images.length ? table('Images', [['Image', 'wide'], 'Name', 'Owner'], found.images.map((one) =>
        [image(one.id), one.name === null ? h('span', { class: 'soft' }, 'unknown') : h('bdi', {}, one.name), one.owner ? account(one.owner) : 'unknown']),
      { hideCaption: true, stack: true }) : text.length < 3 ? h('p', { class: 'soft' }, 'Images are looked for by three characters or more.') : none.cloneNode(true),
      h('h2', {}, `Principals in recent alerts (${number(found.principals.length)})`),
      found.principals.length ? h('ul', {}, found.principals.map((one) => h('li', {}, id(one.arn)))) : none.cloneNode(true),
      h('h2', {}, `Findings (${number(found.total)})`),
      found.findings.length ? table('Findings', [['Finding', 'wide'], 'Severity', 'Status', 'Account', 'Resource', 'Last seen'], found.findings.map((one) =>
        [findingLink(one), badge(one.severity), status(one), account(one.account_id), resource(one.resource), cell(one.last_seen)]),
      { hideCaption: true, stack: true }) : none.cloneNode(true));
  });
}
