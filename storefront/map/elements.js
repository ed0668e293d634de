// Makes elements; what is text stays text.

export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value !== false && value !== null) made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.flat().filter((child) => child !== null));
  return made;
}

export const motion = () => !matchMedia("(prefers-reduced-motion: reduce)").matches;

const clock = new Intl.DateTimeFormat(document.documentElement.lang, { timeStyle: "medium" });
export const time = (stamp) => clock.format(new Date(stamp));
