// The control API, as functions. A refusal is thrown as an Error with its sentence.

async function ask(method, path, body) {
  const answer = await fetch(`/_sim${path}`, {
    method,
    headers: body === undefined ? {} : { 'content-type': 'application/json' },
    body: body === undefined ? undefined : JSON.stringify(body)
  });
  const text = await answer.text();
  if (!answer.ok) {
    let sentence = `The simulator answered ${answer.status}.`;
    try {
      sentence = JSON.parse(text).error ?? sentence;
    } catch {
      // Not JSON: the status says enough.
    }
    throw new Error(sentence);
  }
  return text ? JSON.parse(text) : null;
}

export const overview = () => ask('GET', '/');
export const addUser = (user) => ask('POST', '/users', user);
export const thread = (user, number) => ask('GET', `/users/${encodeURIComponent(user)}/thread?number=${number}`);
export const send = (user, message) => ask('POST', `/users/${encodeURIComponent(user)}/send`, message);
export const read = (user, number) => ask('POST', `/users/${encodeURIComponent(user)}/read`, { number });
export const play = (user, wamid) => ask('POST', `/users/${encodeURIComponent(user)}/play`, { wamid });
export const block = (user, number, blocked) =>
  ask('POST', `/users/${encodeURIComponent(user)}/block`, { number, blocked });
export const renumber = (user, phone) => ask('POST', `/users/${encodeURIComponent(user)}/change-number`, { phone });
export const turnClock = (turn) => ask('POST', '/clock', turn);
export const faults = () => ask('GET', '/faults');
export const turn = (knobs) => ask('PATCH', '/faults', knobs);
export const calm = () => ask('PUT', '/faults', {});
export const journal = (limit) => ask('GET', `/journal?limit=${limit}`);
export const mediaAddress = (id) => `/_sim/media/${encodeURIComponent(id)}`;

/** A file as the control API takes it. */
export function base64(file) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result.slice(reader.result.indexOf(',') + 1));
    reader.onerror = () => reject(new Error('The file cannot be read.'));
    reader.readAsDataURL(file);
  });
}
