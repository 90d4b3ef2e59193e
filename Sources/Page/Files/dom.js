// Elements are made of text and of attributes from a fixed list: nothing that a record says becomes markup.

const SVG = 'http://www.w3.org/2000/svg';
const HIDDEN = /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]/g;

/** A text with every character shown that would change how the others are shown. */
export function clean(text) {
  return String(text).replace(HIDDEN, (character) =>
    `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function put(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else if (name === 'href' && !String(value).startsWith('#')) continue;
    else if (name === 'value') element.value = value;
    else element.setAttribute(name, value === true ? '' : clean(value));
  }
  append(element, children);
  return element;
}

function append(element, children) {
  for (const child of children.flat(4)) {
    if (child === undefined || child === null || child === false) continue;
    element.append(child instanceof Node ? child : clean(child));
  }
}

/** An element of HTML. */
export const h = (name, attributes, ...children) => put(document.createElement(name), attributes, children);
/** An element of SVG. */
export const s = (name, attributes, ...children) => put(document.createElementNS(SVG, name), attributes, children);
/** Puts children in the place of those that are there. */
export function fill(element, ...children) {
  element.replaceChildren();
  append(element, children);
  return element;
}

/** An address of this page: parts of the path, and parameters that say something. */
export function address(path, parameters = {}) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== undefined && value !== null && value !== '' && value !== false) query.set(name, value);
  }
  const text = query.toString();
  return '#/' + path.map((part) => encodeURIComponent(part)).join('/') + (text ? '?' + text : '');
}

export const number = (value) => (value ?? 0).toLocaleString('en-US');
export const plural = (count, one, many = one + 's') => `${number(count)} ${count === 1 ? one : many}`;

/** How long ago, or how far off, in one unit. */
export function age(time) {
  const seconds = (Date.now() - Date.parse(time)) / 1000;
  if (Number.isNaN(seconds)) return '';
  const distance = Math.abs(seconds);
  const [size, unit] = distance < 90 ? [1, 's'] : distance < 5400 ? [60, 'min']
    : distance < 129600 ? [3600, 'h'] : [86400, 'd'];
  const count = Math.round(distance / size);
  return seconds < -1 ? `in ${number(count)} ${unit}` : `${number(count)} ${unit} ago`;
}

/** A duration in seconds, for people. */
export function duration(seconds) {
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  return seconds < 129600 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86400)} d`;
}

const stamp = (time, text) => h('time', { datetime: time, title: `${time} (UTC)` }, text);
const plain = (time) => time.replace('T', ' ').replace(/(\.\d+)?Z$/, '');

/** A time in UTC, and how long ago that is. */
export function when(time, options = {}) {
  if (!time) return h('span', { class: 'soft' }, options.none ?? '–');
  const element = stamp(time, `${plain(time)} UTC`);
  return options.age === false ? element : [element, ' ', h('span', { class: 'soft nowrap' }, `(${age(time)})`)];
}

/** A time in a table: in UTC, as the foot of the page says; below it how long ago that is. */
export function cell(time, options = {}) {
  if (!time) return h('span', { class: 'soft dash' }, '–');
  return [stamp(time, plain(time)), options.age === false ? null : h('span', { class: 'detail nowrap' }, age(time))];
}

/** How long ago, with the time as a hint. */
export const ago = (time) => (time ? stamp(time, age(time)) : h('span', { class: 'soft' }, 'unknown'));
