// Puts the drawing of the map on the page as SVG, one group of elements for each node, edge and service.
import { t } from "./texts.js";

const SVG = "http://www.w3.org/2000/svg";
const NARROW_PIXELS = 720; // below this width, services stand in one column

/** The drawing on the page. Its groups are found by id, and its nodes can be selected. */
export class Drawing {
  /** `container` gets the drawing and, each time it is drawn, the event `drawn`. */
  constructor(map, container, onSelect) {
    this.map = map;
    this.container = container;
    this.onSelect = onSelect;
    this.byId = new Map([...map.services, ...map.nodes].map((each) => [each.id, each]));
    this.draw();
    new ResizeObserver(() => { if (this.fittingShape() !== this.shape) this.draw(); }).observe(container);
  }

  fittingShape() {
    return this.container.clientWidth < NARROW_PIXELS ? "tall" : "wide";
  }

  draw() {
    this.shape = this.fittingShape();
    const { width, height, groups } = this.map.drawings[this.shape];
    this.svg = svgElement("svg", { viewBox: `0 0 ${width} ${height}`, class: "shop-map", role: "group", "aria-label": t.mapLabel });
    this.groups = new Map();
    for (const each of groups) {
      const group = svgElement("g", { class: each.classes });
      group.append(...each.shapes.map(([tag, attributes, text]) => svgElement(tag, attributes, text)));
      group.dataset.id = each.id;
      this.groups.set(each.id, group);
      this.svg.append(group);
    }
    this.container.replaceChildren(this.svg);
    this.makeSelectable();
    this.container.dispatchEvent(new Event("drawn"));
  }

  group(id) {
    return this.groups.get(id);
  }

  /** The line of an edge, or null if it is not drawn. */
  line(edge) {
    return this.group(`${edge.from}>${edge.to}`)?.querySelector(".line") ?? null;
  }

  /** The whole drawing is one stop of the Tab key; the arrow keys move inside it. */
  makeSelectable() {
    this.selectable = [...this.svg.querySelectorAll(".service, .node, .state")];
    this.selectable.sort((a, b) => this.rank(a) - this.rank(b));
    this.selectable.forEach((group, n) => {
      group.setAttribute("role", "button");
      group.setAttribute("tabindex", n ? "-1" : "0");
      group.setAttribute("aria-label", this.label(group.dataset.id));
      group.addEventListener("click", () => this.onSelect(group.dataset.id));
      group.addEventListener("keydown", (event) => this.handleKey(event, n));
    });
  }

  /** Keeps the groups of a service together, in the order of services. */
  rank(group) {
    const service = this.byId.get(group.dataset.id)?.service || group.dataset.id;
    const position = this.map.services.findIndex(({ id }) => id === service);
    return position < 0 ? this.map.services.length : position;
  }

  label(id) {
    const known = this.byId.get(id);
    if (!known) return id.split("/").pop();
    return known.kind ? `${known.service} ${t.kinds[known.kind]} ${known.name}`.trim() : `${t.kinds.service} ${known.name}`;
  }

  handleKey(event, position) {
    const last = this.selectable.length - 1;
    const target = {
      ArrowRight: position + 1, ArrowDown: position + 1, ArrowLeft: position - 1, ArrowUp: position - 1, Home: 0, End: last,
    }[event.key];
    if (event.key === "Enter" || event.key === " ") this.onSelect(this.selectable[position].dataset.id);
    else if (target === undefined) return;
    else this.moveFocus(position, Math.min(Math.max(target, 0), last));
    event.preventDefault();
  }

  moveFocus(from, to) {
    this.selectable[from].setAttribute("tabindex", "-1");
    this.selectable[to].setAttribute("tabindex", "0");
    this.selectable[to].focus();
  }

  /** Marks one group as selected, or none when `id` is null. */
  markSelected(id) {
    for (const selected of this.svg.querySelectorAll("[aria-pressed]")) selected.removeAttribute("aria-pressed");
    if (id) this.group(id)?.setAttribute("aria-pressed", "true");
  }
}

export function svgElement(tag, attributes, text = "") {
  const created = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) created.setAttribute(name, value);
  if (text) created.textContent = text;
  return created;
}
