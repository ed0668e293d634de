// Animates an event: a dot moves along the edges. With reduced motion, the edges light up instead.
import { svgElement } from "./drawing.js";
import { isMotionAllowed } from "./elements.js";

const SPEED = 0.55; // units of the drawing per millisecond
const HIGHLIGHT_MS = 1200;
const MAX_DOTS = 60; // with more, events only light up their edges

export class EventAnimation {
  constructor(drawing, paths) {
    this.drawing = drawing;
    this.paths = paths;
    this.dotCount = 0;
  }

  async play(event) {
    if (document.hidden) return;
    const { toBus, fromBus } = this.paths.ofEvent(event);
    if (!isMotionAllowed() || this.dotCount > MAX_DOTS) {
      this.highlight([...toBus, ...fromBus.flat()]);
      return;
    }
    await this.moveDot(toBus);
    await Promise.all(fromBus.map((edges) => this.moveDot(edges, toBus.at(-1))));
  }

  /** Moves a dot along the edges; along the bus first when it arrived there by `publishEdge`. */
  async moveDot(edges, publishEdge = null) {
    const lines = edges.map((edge) => [edge, this.drawing.line(edge)]).filter(([, line]) => line);
    if (!lines.length) return;
    const dot = svgElement("circle", { r: 5, class: "event-dot" });
    this.dotCount += 1;
    this.drawing.svg.append(dot);
    const publishLine = publishEdge && this.drawing.line(publishEdge);
    if (publishLine) await moveAlong(dot, lineAlongBus(publishLine, lines[0][1], this.drawing.svg));
    for (const [edge, line] of lines) {
      this.highlight([edge]);
      await moveAlong(dot, line);
    }
    dot.remove();
    this.dotCount -= 1;
  }

  highlight(edges) {
    for (const edge of edges) {
      const group = this.drawing.group(`${edge.from}>${edge.to}`);
      group?.classList.add("highlighted");
      setTimeout(() => group?.classList.remove("highlighted"), HIGHLIGHT_MS);
    }
  }
}

/** The line along the bus, from the end of the publisher's line to the start of the rule's line. */
function lineAlongBus(publishLine, ruleLine, svg) {
  const from = publishLine.getPointAtLength(publishLine.getTotalLength());
  const to = ruleLine.getPointAtLength(0);
  const { x, width } = svg.querySelector(".bus .shape").getBBox();
  const middle = x + width / 2;
  return svgElement("path", { d: `M${from.x} ${from.y}L${middle} ${from.y}L${middle} ${to.y}L${to.x} ${to.y}` });
}

/** Resolves when the dot reaches the end of the line, or is removed from the page. */
function moveAlong(dot, line) {
  const length = line.getTotalLength();
  let startedAt = null;
  return new Promise((resolve) => {
    function move(now) {
      startedAt ??= now;
      const distance = Math.min((now - startedAt) * SPEED, length);
      const { x, y } = line.getPointAtLength(distance);
      dot.setAttribute("cx", x);
      dot.setAttribute("cy", y);
      if (distance < length && dot.isConnected) requestAnimationFrame(move);
      else resolve();
    }
    requestAnimationFrame(move);
  });
}
