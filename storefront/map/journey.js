// One order's journey: every fact that was said of it, lit up on the map one after the other.
import { element, time } from "./elements.js";
import { readStory } from "./shop.js";
import { t } from "./texts.js";

const STEP = 900; // ms

export class Journey {
  constructor(drawing, ways, travel) {
    Object.assign(this, { drawing, ways, travel });
    this.order = null;
    drawing.place.addEventListener("drawn", () => { if (this.order) this.walk(this.at); });
  }

  /** What to show of the order; it begins to play. */
  async open(order) {
    this.close();
    this.order = order;
    this.steps = await readStory(order);
    if (this.order !== order) return []; // another was chosen meanwhile
    if (!this.steps.length) return [element("p", {}, t.noJourney)];
    const began = Date.parse(this.steps[0].at);
    this.list = this.steps.map((step, n) => this.item(step, n, began));
    this.play();
    const again = element("button", { type: "button", class: "again", onclick: () => this.play() }, t.again);
    return [
      element("p", {}, element("code", {}, order)),
      element("p", {}, t.journeyOf, " ", again),
      element("ol", { class: "journey" }, this.list),
    ];
  }

  item(step, n, began) {
    const after = ((Date.parse(step.at) - began) / 1000).toFixed(2);
    const press = () => { clearInterval(this.playing); this.step(n); };
    return element("li", {}, element("button", { type: "button", onclick: press },
      element("span", { class: "what" }, step.fact),
      element("span", { class: "when" }, n ? t.after(after) : time(step.at)),
      element("span", { class: "who" }, t.said(step.room))));
  }

  play() {
    clearInterval(this.playing);
    let n = 0;
    this.step(n);
    this.playing = setInterval(() => {
      n += 1;
      if (n < this.steps.length) this.step(n);
      else clearInterval(this.playing);
    }, STEP);
  }

  step(n) {
    this.walk(n);
    this.travel.send(this.steps[n]);
  }

  /** Everything up to this step is lit. */
  walk(n) {
    this.at = n;
    this.clear();
    this.drawing.svg.classList.add("on-journey");
    for (const step of this.steps.slice(0, n + 1)) {
      const { out, to } = this.ways.of(step);
      for (const edge of [...out, ...to.flat()]) this.mark(edge);
    }
    this.list.forEach((item, at) => {
      item.classList.toggle("walked", at <= n);
      item.firstChild.toggleAttribute("aria-current", at === n);
      if (at === n) item.firstChild.setAttribute("aria-current", "step");
    });
  }

  mark(edge) {
    for (const id of [`${edge.from}>${edge.to}`, edge.from, edge.to]) {
      this.drawing.group(id)?.classList.add("walked");
    }
  }

  clear() {
    for (const walked of this.drawing.svg.querySelectorAll(".walked")) walked.classList.remove("walked");
  }

  close() {
    clearInterval(this.playing);
    this.order = null;
    this.clear();
    this.drawing.svg.classList.remove("on-journey");
  }
}
