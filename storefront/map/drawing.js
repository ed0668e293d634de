// Puts a drawing of the map on the page as it is: its elements, in groups named for what they show.
import { t } from "./texts.js";

const SVG = "http://www.w3.org/2000/svg";
const NARROW = 720; // pixels; below it rooms stand in one column

/** The drawing on the page, and how its groups are found. */
export class Drawing {
  constructor(map, place, choose) {
    this.map = map;
    this.place = place;
    this.choose = choose;
    this.names = new Map([...map.rooms, ...map.nodes].map((each) => [each.id, each]));
    this.draw();
    new ResizeObserver(() => { if (this.fitting() !== this.shape) this.draw(); }).observe(place);
  }

  fitting() {
    return this.place.clientWidth < NARROW ? "tall" : "wide";
  }

  draw() {
    this.shape = this.fitting();
    const { width, height, groups } = this.map.drawings[this.shape];
    this.svg = make("svg", { viewBox: `0 0 ${width} ${height}`, class: "shop-map", role: "group", "aria-label": "The shop" });
    this.groups = new Map();
    for (const each of groups) {
      const group = make("g", { class: each.style });
      group.append(...each.shapes.map(([tag, attributes, text]) => make(tag, attributes, text)));
      group.dataset.of = each.of;
      this.groups.set(each.of, group);
      this.svg.append(group);
    }
    this.place.replaceChildren(this.svg);
    this.enliven();
    this.place.dispatchEvent(new Event("drawn"));
  }

  group(id) {
    return this.groups.get(id);
  }

  way(edge) {
    return this.group(`${edge.from}>${edge.to}`)?.querySelector(".way") ?? null;
  }

  /** One stop for the Tab key; arrows go from thing to thing. */
  enliven() {
    this.stops = [...this.svg.querySelectorAll(".room, .node, .state")];
    this.stops.sort((a, b) => this.rank(a) - this.rank(b));
    this.stops.forEach((stop, n) => {
      stop.setAttribute("role", "button");
      stop.setAttribute("tabindex", n ? "-1" : "0");
      stop.setAttribute("aria-label", this.label(stop.dataset.of));
      stop.addEventListener("click", () => this.choose(stop.dataset.of));
      stop.addEventListener("keydown", (event) => this.key(event, n));
    });
  }

  rank(group) {
    const room = this.names.get(group.dataset.of)?.room || group.dataset.of;
    const at = this.map.rooms.findIndex(({ id }) => id === room);
    return at < 0 ? this.map.rooms.length : at;
  }

  label(id) {
    const known = this.names.get(id);
    if (!known) return id.split("/").pop();
    return known.kind ? `${known.room} ${t.kinds[known.kind]} ${known.name}`.trim() : `${t.kinds.room} ${known.name}`;
  }

  key(event, at) {
    const last = this.stops.length - 1;
    const to = {
      ArrowRight: at + 1, ArrowDown: at + 1, ArrowLeft: at - 1, ArrowUp: at - 1, Home: 0, End: last,
    }[event.key];
    if (event.key === "Enter" || event.key === " ") this.choose(this.stops[at].dataset.of);
    else if (to === undefined) return;
    else this.move(at, Math.min(Math.max(to, 0), last));
    event.preventDefault();
  }

  move(from, to) {
    this.stops[from].setAttribute("tabindex", "-1");
    this.stops[to].setAttribute("tabindex", "0");
    this.stops[to].focus();
  }

  press(id) {
    for (const pressed of this.svg.querySelectorAll("[aria-pressed]")) pressed.removeAttribute("aria-pressed");
    if (id) this.group(id)?.setAttribute("aria-pressed", "true");
  }
}

export function make(tag, attributes, text = "") {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  if (text) made.textContent = text;
  return made;
}
