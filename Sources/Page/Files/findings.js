// What is open, and the life of one finding.

import { address, cell, fill, h, number, plural, when } from './dom.js';
import { get } from './api.js';
import { SEVERITIES, account, badge, findingLink, freshness, id, openBadges, pages, resource, status, table, told } from './parts.js';

const LIMIT = 100;

export async function show({ main, load, change, query, signal }) {
  const summary = h('p', { class: 'lead' });
  const list = h('div');
  const filter = h('input', { type: 'search', id: 'filter', value: query.get('q') ?? '', spellcheck: 'false', maxlength: 120 });
  const choice = (name, label, options) => {
    const select = h('select', { id: name, onchange: () => change({ [name]: select.value, offset: '' }) },
      options.map(([value, text]) => h('option', { value, selected: value === (query.get(name) ?? '') }, text)));
    return h('label', {}, label, select);
  };
  const only = ['account', 'region', 'rule'].filter((name) => query.get(name));
  fill(main, h('h1', {}, 'Findings'), summary,
    h('form', { class: 'controls', onsubmit: (event) => { event.preventDefault(); change({ q: filter.value.trim(), offset: '' }); } },
      h('label', {}, 'Resource, rule or account', filter),
      choice('status', 'Status', [['', 'Open'], ['undetermined', 'Undetermined'], ['resolved', 'Resolved'], ['retracted', 'Retracted'], ['all', 'All']]),
      choice('severity', 'Severity', [['', 'Any'], ...SEVERITIES.map((name) => [name, name])]),
      h('button', { type: 'submit' }, 'Filter')),
    only.length ? h('p', {}, 'Only of ', only.map((name) => [`${name} `, id(query.get(name)), ' ']),
      h('button', { type: 'button', class: 'copy', onclick: () => change({ account: '', region: '', rule: '', offset: '' }) }, 'Show all')) : null,
    list);
  await load(async () => {
    const parameters = { offset: query.get('offset'), limit: LIMIT };
    for (const name of ['q', 'status', 'severity', 'account', 'region', 'rule']) parameters[name] = query.get(name);
    const found = await get('findings', parameters, signal);
    fill(summary, 'Open now: ', openBadges(found.open));
    fill(list, freshness(found), found.findings.length ? table('Findings', [['Finding', 'wide'], 'Severity', 'Status', 'Account and Region', 'Resource', ['Seen', 'number'], 'Last seen'],
      found.findings.map((one) => [
        [findingLink(one), h('span', { class: 'detail' }, one.title)], badge(one.severity), status(one),
        [account(one.account_id), h('span', { class: 'detail' }, one.region)],
        [resource(one.resource), one.discriminator ? h('span', { class: 'detail' }, id(one.discriminator)) : null],
        `${number(one.occurrences)} ×`, cell(one.last_seen),
      ]), { hideCaption: true, stack: true }) : null,
    pages(found, found.findings.length, LIMIT, (offset) => change({ offset }), ['finding', 'findings']));
  }, 10);
}

export async function showOne({ main, parts, load, signal }) {
  const body = h('div');
  fill(main, h('h1', {}, 'Finding ', id(parts[0].slice(0, 12))), body);
  await load(async () => {
    const found = await get(`findings/${encodeURIComponent(parts[0])}`, {}, signal);
    const { finding } = found;
    fill(main.querySelector('h1'), finding.title);
    fill(body,
      h('p', { class: 'badges' }, badge(finding.severity), status(finding), h('code', {}, finding.rule_id),
        h('span', { class: 'soft' }, id(finding.finding_id))),
      freshness(found), told(finding), h('h2', {}, 'Its life'), life(finding, found.alerts));
  }, 15);
}

/** What was published of it, and what the state remembers: the newest first. */
function life(finding, alerts) {
  const steps = alerts.map((alert) => h('li', {},
    h('div', { class: 'head' }, status(alert), badge(alert.severity), h('span', { class: 'soft small' }, `revision ${number(alert.revision)}`)),
    h('div', {}, alert.message),
    h('div', { class: 'soft small' }, 'decided by ', alert.event ? [alert.event.name, ' ', when(alert.event.time)] : 'nothing that is known',
      ', published ', when(alert.raised_at), `, caused by ${alert.caused_by}`)));
  const state = finding.status === 'resolved' ? 'Resolved' : finding.status === 'retracted' ? 'Retracted' : 'Open now';
  return [
    h('ol', { class: 'life' },
      h('li', { class: 'now' }, h('div', { class: 'head' }, h('strong', {}, state), h('span', { class: 'soft' },
        `${plural(finding.occurrences, 'occurrence')}, the last `, when(finding.last_seen)))),
      steps,
      h('li', {}, h('div', { class: 'head' }, h('strong', {}, 'First seen'), h('span', {}, when(finding.first_seen))))),
    h('p', { class: 'small soft' }, alerts.length
      ? 'Alerts of it that this worker still has at hand; earlier ones are on the topic of alerts.'
      : 'This worker has no alert of it at hand any more; they are on the topic of alerts.'),
    h('p', {}, h('a', { href: address(['findings'], { account: finding.account_id }) }, 'Other findings of this account')),
  ];
}
