// What this browser remembers. Where storing is forbidden, it remembers until the page is left.

const meanwhile = new Map();

export function recall(name) {
  return JSON.parse(raw(name) ?? "null");
}

function raw(name) {
  try {
    return localStorage.getItem(`souk.${name}`);
  } catch {
    return meanwhile.get(name);
  }
}

export function keep(name, value) {
  const text = JSON.stringify(value);
  try {
    localStorage.setItem(`souk.${name}`, text);
  } catch {
    meanwhile.set(name, text);
  }
}

export function forget(name) {
  try {
    localStorage.removeItem(`souk.${name}`);
  } catch {
    meanwhile.delete(name);
  }
}

/** Calls back when another tab changed what is remembered under the name. */
export function whenChangedElsewhere(name, callback) {
  window.addEventListener("storage", ({ key }) => {
    if (key === `souk.${name}`) callback();
  });
}
