// Values stored in this browser, as JSON. Without access to localStorage, they last until the page is closed.

const fallback = new Map();

/** The stored value, or null. */
export function restore(name) {
  return JSON.parse(read(name) ?? "null");
}

function read(name) {
  try {
    return localStorage.getItem(`souk.${name}`);
  } catch {
    return fallback.get(name);
  }
}

export function store(name, value) {
  const json = JSON.stringify(value);
  try {
    localStorage.setItem(`souk.${name}`, json);
  } catch {
    fallback.set(name, json);
  }
}

export function remove(name) {
  try {
    localStorage.removeItem(`souk.${name}`);
  } catch {
    fallback.delete(name);
  }
}

/** Calls `callback` when another tab changes the value. */
export function onChangeInOtherTab(name, callback) {
  window.addEventListener("storage", ({ key }) => {
    if (key === `souk.${name}`) callback();
  });
}
