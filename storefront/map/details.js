// Describes a selected service, node or workflow state: its contract, its neighbours, its recent events.
import { element, formatTime } from "./elements.js";
import { t } from "./texts.js";

const MAX_RECENT_EVENTS = 8;

export class Details {
  /** `recentEvents()` returns the events of the live feed, newest first. */
  constructor(map, queueDepths, recentEvents) {
    Object.assign(this, { map, queueDepths, recentEvents });
    this.events = new Map(map.events.map((event) => [event.name, event]));
    this.byId = new Map([...map.services, ...map.nodes].map((each) => [each.id, each]));
  }

  title(id) {
    return this.byId.get(id)?.name ?? id.split("/").pop();
  }

  /** The elements that describe what has this id. */
  body(id) {
    const service = this.map.services.find((each) => each.id === id);
    if (service) return this.service(service);
    return id.includes("/") ? this.state(id) : this.node(this.byId.get(id));
  }

  service(service) {
    return [
      element("p", {}, `${t.kinds.service}. ${service.description}`),
      ...this.eventList(t.publishes, service.publishes),
      ...this.eventList(t.subscribesTo, service.subscribes),
      ...this.routeList(service.routes),
      ...this.recentList((event) => event.service === service.id),
    ];
  }

  node(node) {
    const outgoing = this.map.edges.filter((edge) => edge.from === node.id);
    const incoming = this.map.edges.filter((edge) => edge.to === node.id);
    const labels = new Set([...outgoing, ...incoming].flatMap((edge) => edge.labels ?? []));
    const events = [...labels].filter((name) => this.events.has(name));
    const eventsTitle = incoming.some((edge) => edge.kind === "matches") ? t.edgeKinds.matches : t.publishes;
    return [
      element("p", {}, [t.kinds[node.kind], node.service].filter(Boolean).join(", "), ". ", this.queueDepths.describe(node.id)),
      element("p", { class: "node-id" }, element("code", {}, node.id)),
      ...this.eventList(eventsTitle, events),
      ...this.routeList(this.routes(labels)),
      ...this.edgeList(t.outgoing, outgoing, "to"),
      ...this.edgeList(t.incoming, incoming, "from"),
      ...this.recentList((event) => (events.length ? events.includes(event.event) : event.service === node.service)),
    ];
  }

  state(id) {
    const [workflowId, name] = id.split("/");
    const workflow = this.map.workflows.find((each) => each.id === workflowId);
    const state = workflow.states.find((each) => each.name === name);
    const next = [...state.next, ...state.on_error].map((each) => element("li", {}, each));
    return [
      element("p", {}, [t.kinds[state.type.toLowerCase()] ?? state.type, state.service].filter(Boolean).join(", "), "."),
      ...(next.length ? [element("h3", {}, t.outgoing), element("ul", { class: "contract" }, next)] : []),
    ];
  }

  /** The routes with these keys, such as `GET /api/products`. */
  routes(keys) {
    return this.map.services.flatMap((service) => service.routes).filter((route) => keys.has(route.key));
  }

  eventList(title, names) {
    if (!names.length) return [];
    const items = names.map((name) => element("li", {}, this.event(this.events.get(name))));
    return [element("h3", {}, title), element("ul", { class: "contract" }, items)];
  }

  event(event) {
    const fields = event.fields.flatMap(({ name, type }) => [element("dt", {}, name), element("dd", {}, type)]);
    return element("details", {},
      element("summary", {}, event.name),
      element("p", {}, event.summary, " ", t.subscribers(event.subscribers)),
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
      const neighbour = this.byId.get(edge[end]);
      const commands = edge.kind === "invokes" ? (edge.labels ?? []).join(", ") : "";
      return element("li", {}, `${t.edgeKinds[edge.kind]}: ${[neighbour.service, neighbour.name].filter(Boolean).join(" ")} ${commands}`);
    });
    return [element("h3", {}, title), element("ul", { class: "contract" }, items)];
  }

  recentList(matches) {
    const events = this.recentEvents().filter(matches).slice(0, MAX_RECENT_EVENTS);
    const items = events.map((event) => element("li", {}, `${formatTime(event.at)} ${event.event}`));
    return items.length ? [element("h3", {}, t.recent), element("ul", { class: "contract" }, items)] : [];
  }
}
