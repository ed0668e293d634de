// Creates DOM elements. Text is inserted as text, never parsed as HTML.

export function element(tag, attributes = {}, ...children) {
  const created = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) created.addEventListener(name.slice(2), value);
    else if (value !== false && value !== null) created.setAttribute(name, value === true ? "" : value);
  }
  created.append(...children.flat().filter((child) => child !== null));
  return created;
}

export const isMotionAllowed = () => !matchMedia("(prefers-reduced-motion: reduce)").matches;

const timeFormat = new Intl.DateTimeFormat(document.documentElement.lang, { timeStyle: "medium" });
export const formatTime = (timestamp) => timeFormat.format(new Date(timestamp));
