// What several views show alike.

import { address, cell, clean, fill, h, number, plural, s, when } from './dom.js';

export const SEVERITIES = ['critical', 'high', 'medium', 'low', 'informational'];

// Each severity has a shape of its own, for whoever does not tell the colours apart.
const SHAPES = {
  critical: () => s('path', { d: 'M5 0h6l5 5v6l-5 5H5l-5-5V5z', fill: 'currentColor' }),
  high: () => s('path', { d: 'M8 1l8 14H0z', fill: 'currentColor' }),
  medium: () => s('path', { d: 'M1.5 1.5h13v13h-13z', fill: 'currentColor' }),
  low: () => s('circle', { cx: 8, cy: 8, r: 7, fill: 'currentColor' }),
  informational: () => s('circle', { cx: 8, cy: 8, r: 5.5, fill: 'none', stroke: 'currentColor', 'stroke-width': 3 }),
  undetermined: () => s('path', {
    d: 'M3.5 5.5a4.5 4 0 1 1 7 3.2C8.7 9.7 8 10.3 8 12M8 14v1.6', fill: 'none', stroke: 'currentColor', 'stroke-width': 2.4,
  }),
  good: () => s('path', { d: 'M1.5 8.5 6 13 14.5 3', fill: 'none', stroke: 'currentColor', 'stroke-width': 3 }),
};

export const shape = (name) =>
  s('svg', { viewBox: '0 0 16 16', 'aria-hidden': 'true', focusable: 'false' }, (SHAPES[name] ?? SHAPES.informational)());

/** A word with its shape, in its colour. */
export function badge(name, text = name) {
  const known = SHAPES[name] ? name : 'informational';
  return h('span', { class: `badge ${known}` }, shape(known), h('span', {}, text));
}

/** What is open, by severity: `{critical: 1, …}`. */
export function openBadges(open) {
  const names = [...SEVERITIES, 'undetermined'].filter((name) => open?.[name]);
  if (!names.length) return h('span', { class: 'soft' }, 'none');
  return h('span', { class: 'badges' }, names.map((name) => badge(name, `${number(open[name])} ${name}`)));
}

export function status(finding) {
  const words = finding.status === 'open' && finding.verdict === 'undetermined' ? 'undetermined' : finding.status;
  const kind = words === 'resolved' ? 'over' : words === 'retracted' ? 'back' : 'open';
  return h('span', { class: `status ${kind}` }, words);
}

// Ids, each linked to where it is told of.

export const id = (text) => h('bdi', { class: 'id' }, text);
export const account = (text) => /^\d{12}$/.test(text ?? '')
  ? h('a', { class: 'id', href: address(['account', text]) }, text) : id(text ?? 'unknown');
export const image = (text) => /^(import-)?ami-/.test(text ?? '')
  ? h('a', { class: 'id', href: address(['image', text]) }, text) : id(text ?? 'unknown');
export const resource = (of) => of?.type === 'image' ? image(of.id) : id(of?.id ?? '–');
export const findingLink = (finding, text) =>
  h('a', { href: address(['finding', finding.finding_id]) }, text ?? clean(finding.rule_id));
export const grantee = (text) => text === 'all' ? h('strong', {}, 'everybody') : account(text);

/** A table that scrolls by itself where it is too wide; `columns` are names, or `[name, class]`. */
export function table(caption, columns, rows, options = {}) {
  const names = columns.map((column) => [column].flat());
  const label = options.label ?? caption;
  return h('div', { class: 'table', role: 'region', 'aria-label': label, tabindex: '0' },
    h('table', { class: options.stack ? 'stack' : null },
      h('caption', { class: options.hideCaption ? 'hidden' : null }, caption),
      h('thead', {}, h('tr', {}, names.map(([name, kind]) => h('th', { scope: 'col', class: kind }, name)))),
      h('tbody', {}, rows.map((cells) => h('tr', {}, cells.map((cell, index) => index === 0
        ? h('th', { scope: 'row', class: names[0][1] }, cell)
        : h('td', { class: names[index][1], 'data-label': names[index][0] }, cell)))))));
}

/** Which part of a list is shown, and the way to the others. */
export function pages(list, count, limit, go, what) {
  const { total, offset, next } = list;
  if (!total) return h('p', { class: 'soft' }, `No ${what[1]}.`);
  const buttons = offset > 0 || next !== null
    ? [
      h('button', { type: 'button', disabled: offset === 0, onclick: () => go(Math.max(0, offset - limit)) }, 'Previous'),
      h('button', { type: 'button', disabled: next === null, onclick: () => go(next) }, 'Next'),
    ] : [];
  return h('div', { class: 'pages' },
    h('span', {}, `${number(offset + 1)}–${number(offset + count)} of ${plural(total, what[0], what[1])}`), buttons);
}

/** A command to copy. */
export function command(text) {
  const button = h('button', {
    type: 'button', class: 'copy', 'aria-label': `Copy the command ${text}`, onclick: async () => {
      try { await navigator.clipboard.writeText(text); fill(button, 'Copied'); } catch { fill(button, 'Select it'); }
      setTimeout(() => fill(button, 'Copy'), 2000);
    },
  }, 'Copy');
  return h('div', { class: 'command' }, h('code', {}, text), button);
}

export function pairs(list) {
  return h('dl', { class: 'pairs' }, list.filter(Boolean).map(([name, ...value]) => [h('dt', {}, name), h('dd', {}, value)]));
}

/** All that an alert, or a finding, says. */
export function told(finding) {
  const event = finding.event;
  const by = finding.resolved_by;
  return [
    h('p', {}, finding.message),
    h('div', { class: 'columns' },
      pairs([
        ['Account', account(finding.account_id), ' ', finding.region],
        ['Resource', resource(finding.resource), finding.discriminator ? [' · ', id(finding.discriminator)] : null],
        ['By', finding.actor?.arn ? id(finding.actor.arn) : 'unknown',
          finding.actor?.source_ip ? h('span', { class: 'detail' }, 'from ', id(finding.actor.source_ip)) : null],
        event && ['Event', `${event.name} `, when(event.time), h('span', { class: 'detail' }, id(event.id))],
        by && ['Resolved by', by.arn ? id(by.arn) : 'unknown', by.event ? [' with ', by.event.name, ' ', when(by.event.time)] : null],
      ]),
      pairs([
        ['First seen', when(finding.first_seen)], ['Last seen', when(finding.last_seen)],
        ['Occurrences', number(finding.occurrences)],
        ['Clause', finding.clause ? h('code', {}, finding.clause) : 'none'],
        ['Policy', id((finding.policy ?? '').slice(0, 12))],
      ])),
    finding.facts?.length ? [h('h2', { class: 'minor' }, 'What decided it'), table('Facts', ['Fact', 'Value', 'Since', 'Event'],
      finding.facts.map((fact) => [
        fact.what, h('bdi', {}, fact.value), cell(fact.time, { age: false }), fact.event_id ? id(fact.event_id) : '–',
      ]), { hideCaption: true, stack: true })] : null,
    finding.missing?.length ? [h('h2', { class: 'minor' }, 'What would settle it'), h('ul', {}, finding.missing.map((text) => h('li', {}, text)))] : null,
    finding.remediation?.length ? [h('h2', { class: 'minor' }, 'Commands that undo it'), finding.remediation.map(command)] : null,
    finding.instances?.length ? [
      h('h2', { class: 'minor' }, plural(finding.instances.length, 'instance')),
      h('p', {}, finding.instances.slice(0, 50).map((member) => [h('a', { class: 'id', href: address(['finding', member.finding_id]) }, member.id), ' ']),
        finding.instances.length > 50 ? `and ${number(finding.instances.length - 50)} more` : null),
    ] : null,
  ];
}

/** One line about how fresh an answer is. */
export function freshness(answer) {
  const seconds = answer.age_seconds ?? 0;
  return h('p', { class: 'small soft' }, 'As of the records up to ', when(answer.as_of, { none: 'none so far' }),
    seconds >= 5 ? `; asked of the detector ${seconds} s ago` : null, '.');
}
