// What a room or a node is: its contract, where it leads, what was said there lately.
import { element, time } from "./elements.js";
import { t } from "./texts.js";

export class Details {
  constructor(map, figures, recent) {
    Object.assign(this, { map, figures, recent });
    this.facts = new Map(map.facts.map((fact) => [fact.name, fact]));
    this.names = new Map([...map.rooms, ...map.nodes].map((each) => [each.id, each]));
  }

  title(id) {
    return this.names.get(id)?.name ?? id.split("/").pop();
  }

  body(id) {
    const room = this.map.rooms.find((each) => each.id === id);
    if (room) return this.room(room);
    return id.includes("/") ? this.state(id) : this.node(this.names.get(id));
  }

  room(room) {
    return [
      element("p", {}, `${t.kinds.room}. ${room.about}`),
      ...this.factList(t.says, room.says),
      ...this.factList(t.hears, room.hears),
      ...this.routeList(room.routes),
      ...this.lately((fact) => fact.room === room.id),
    ];
  }

  node(node) {
    const from = this.map.edges.filter((edge) => edge.from === node.id);
    const into = this.map.edges.filter((edge) => edge.to === node.id);
    const carried = new Set([...from, ...into].flatMap((edge) => edge.carries ?? []));
    const facts = [...carried].filter((name) => this.facts.has(name));
    return [
      element("p", {}, [t.kinds[node.kind], node.room].filter(Boolean).join(", "), ". ", this.figures.of(node.id)),
      element("p", { class: "count" }, element("code", {}, node.id)),
      ...this.factList(t.means[into.some((edge) => edge.means === "carries") ? "carries" : "says"], facts),
      ...this.routeList(this.routes(carried)),
      ...this.edgeList(t.leads, from, "to"),
      ...this.edgeList(t.comes, into, "from"),
      ...this.lately((fact) => (facts.length ? facts.includes(fact.fact) : fact.room === node.room)),
    ];
  }

  state(id) {
    const [flow, name] = id.split("/");
    const state = this.map.workflows.find((each) => each.id === flow).states.find((each) => each.name === name);
    const after = [...state.next, ...state.caught].map((next) => element("li", {}, next));
    return [
      element("p", {}, [t.kinds[state.type.toLowerCase()] ?? state.type, state.room].filter(Boolean).join(", "), "."),
      ...(after.length ? [element("h3", {}, t.leads), element("ul", { class: "contract" }, after)] : []),
    ];
  }

  routes(keys) {
    return this.map.rooms.flatMap((room) => room.routes).filter((route) => keys.has(route.key));
  }

  factList(title, names) {
    if (!names.length) return [];
    const items = names.map((name) => element("li", {}, this.fact(this.facts.get(name))));
    return [element("h3", {}, title), element("ul", { class: "contract" }, items)];
  }

  fact(fact) {
    const fields = fact.fields.flatMap(({ name, type }) => [element("dt", {}, name), element("dd", {}, type)]);
    return element("details", {},
      element("summary", {}, fact.name),
      element("p", {}, fact.summary, " ", t.heardBy(fact.heard_by)),
      element("dl", {}, fields));
  }

  routeList(routes) {
    if (!routes.length) return [];
    const items = routes.map(({ key, summary }) => element("li", {}, element("code", {}, key), element("br"), summary));
    return [element("h3", {}, t.routes), element("ul", { class: "contract" }, items)];
  }

  edgeList(title, edges, end) {
    if (!edges.length) return [];
    const items = edges.map((edge) => {
      const other = this.names.get(edge[end]);
      const commands = edge.means === "asks" ? (edge.carries ?? []).join(", ") : "";
      return element("li", {}, `${t.means[edge.means]}: ${[other.room, other.name].filter(Boolean).join(" ")} ${commands}`);
    });
    return [element("h3", {}, title), element("ul", { class: "contract" }, items)];
  }

  lately(matches) {
    const items = this.recent().filter(matches).slice(0, 8).map((fact) => element("li", {}, `${time(fact.at)} ${fact.fact}`));
    return items.length ? [element("h3", {}, t.lately), element("ul", { class: "contract" }, items)] : [];
  }
}
