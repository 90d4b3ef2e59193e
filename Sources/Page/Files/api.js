// The JSON API of the worker that served this page.

import { fill } from './dom.js';

const KEY = 'amiwatch-token';
let asking;

/** An answer that is no success; `retry` in seconds where it may pass by itself. */
export class Trouble extends Error {
  constructor(message, status, retry) {
    super(message);
    this.status = status;
    this.retry = retry;
  }
}

async function call(path, signal) {
  const headers = { Accept: 'application/json' };
  const token = sessionStorage.getItem(KEY);
  if (token) headers.Authorization = `Bearer ${token}`;
  try {
    return await fetch(path, { headers, signal, cache: 'no-store', credentials: 'omit', redirect: 'error' });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new Trouble('The worker does not answer.', 0, 3);
  }
}

/** The answer to a call: an object. */
export async function get(path, parameters = {}, signal) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== undefined && value !== null && value !== '' && value !== false) query.set(name, value);
  }
  const text = query.toString();
  const address = '/api/' + path + (text ? '?' + text : '');
  let response = await call(address, signal);
  while (response.status === 401) {
    await login();
    signal?.throwIfAborted();
    response = await call(address, signal);
  }
  let body = null;
  try { body = await response.json(); } catch { signal?.throwIfAborted(); }
  if (response.ok && body) return body;
  const retry = response.status === 503 ? Number(response.headers.get('Retry-After')) || 1 : undefined;
  throw new Trouble(body?.error ?? `The worker answered with status ${response.status}.`, response.status, retry);
}

/** Asks for the token, once however many calls need it. */
function login() {
  asking ??= new Promise((resolve) => {
    const dialog = document.getElementById('login');
    const field = document.getElementById('token');
    const error = document.getElementById('login-error');
    const wasWrong = sessionStorage.getItem(KEY) !== null;
    error.hidden = !wasWrong;
    if (wasWrong) fill(error, 'The worker does not take this token.');
    sessionStorage.removeItem(KEY);
    field.value = '';
    dialog.addEventListener('cancel', (event) => event.preventDefault());
    dialog.addEventListener('close', () => {
      sessionStorage.setItem(KEY, field.value.trim());
      field.value = '';
      asking = undefined;
      resolve();
    }, { once: true });
    dialog.showModal();
  });
  return asking;
}
