// A fact on its way: a dot along the edges, or, for who wants no motion, edges that light up.
import { motion } from "./elements.js";
import { make } from "./drawing.js";

const SPEED = 0.55; // of the drawing's units, a millisecond
const LIT = 1200; // ms
const AT_ONCE = 60; // dots; a rush lights edges only

export class Travel {
  constructor(drawing, ways) {
    this.drawing = drawing;
    this.ways = ways;
    this.dots = 0;
  }

  async send(fact) {
    if (document.hidden) return;
    const { out, to } = this.ways.of(fact);
    if (!motion() || this.dots > AT_ONCE) {
      this.light([...out, ...to.flat()]);
      return;
    }
    await this.along(out);
    await Promise.all(to.map((way) => this.along(way, out.at(-1))));
  }

  /** Over the bus first, where `from` is the edge the fact came on. */
  async along(edges, from = null) {
    const paths = edges.map((edge) => [edge, this.drawing.way(edge)]).filter(([, path]) => path);
    if (!paths.length) return;
    const dot = make("circle", { r: 5, class: "traveller" });
    this.dots += 1;
    this.drawing.svg.append(dot);
    const bus = from && this.drawing.way(from);
    if (bus) await run(dot, overBus(bus, paths[0][1], this.drawing.svg));
    for (const [edge, path] of paths) {
      this.light([edge]);
      await run(dot, path);
    }
    dot.remove();
    this.dots -= 1;
  }

  light(edges) {
    for (const edge of edges) {
      const group = this.drawing.group(`${edge.from}>${edge.to}`);
      group?.classList.add("lit");
      setTimeout(() => group?.classList.remove("lit"), LIT);
    }
  }
}

function overBus(says, carries, svg) {
  const from = says.getPointAtLength(says.getTotalLength());
  const to = carries.getPointAtLength(0);
  const { x, width } = svg.querySelector(".bus .shape").getBBox();
  const middle = x + width / 2;
  return make("path", { d: `M${from.x} ${from.y}L${middle} ${from.y}L${middle} ${to.y}L${to.x} ${to.y}` });
}

function run(dot, path) {
  const length = path.getTotalLength();
  let began = null;
  return new Promise((done) => {
    function step(now) {
      began ??= now;
      const gone = Math.min((now - began) * SPEED, length);
      const { x, y } = path.getPointAtLength(gone);
      dot.setAttribute("cx", x);
      dot.setAttribute("cy", y);
      if (gone < length && dot.isConnected) requestAnimationFrame(step);
      else done();
    }
    requestAnimationFrame(step);
  });
}
